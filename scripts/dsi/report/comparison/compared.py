"""Two sides compared, measure by measure: differences with significance, wins, losses, overlap of the lists.

A difference is B minus A. Its interval and p-value are those of dsi.evaluation.significance: of one seed over
the queries, of several for training in general, with seeds and queries both as samples.
"""

import logging
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation.estimates import DIFFERENCES, EVERYWHERE, VALUES, crossed_estimate, query_estimate
from dsi.evaluation.measures import MEASURES
from dsi.evaluation.paired_values import paired
from dsi.evaluation.rank_overlap import overlaps
from dsi.evaluation.significance import Question, compare, holm
from dsi.report.comparison.judged import Asked, lists_of, values_of
from dsi.report.comparison.sides import Pair, Ranking, SideError, label_of
from dsi.report.flips import SAME

logger = logging.getLogger(__name__)

LEAST_QUERIES = 2  # of one query's values nobody can say how queries differ


class Compared(NamedTuple):
    """Of one measure B against A, over the queries that are judged.

    difference: B minus A. lower, upper, p: for training in general if there are several seeds, else for these
    models; of_these_p: for these models alone, over queries. holm_p: p, corrected for as many pairs of
    systems as are compared; None where there is one. wins, ties, losses: of B, pairs (seed, query). rbo:
    rank-biased overlap of the lists, with its interval; NaN where there are no runs.
    """

    a: str
    b: str
    measure: str
    seeds: list[int]
    queries: int
    mean_a: float
    mean_b: float
    difference: float
    lower: float
    upper: float
    p: float
    of_these_p: float
    holm_p: float | None
    wins: int
    ties: int
    losses: int
    rbo: float
    rbo_lower: float
    rbo_upper: float


class Overlap(NamedTuple):
    """Mean rank-biased overlap and the ends of its interval."""

    mean: float = math.nan
    lower: float = math.nan
    upper: float = math.nan


class SeedPair(NamedTuple):
    """One seed of A and the one of B that it is compared with."""

    seed: int
    a: Ranking
    b: Ranking


def seed_pairs(pair: Pair) -> list[SeedPair]:
    """The seeds that both systems have; one ranking without seeds fits every one, and so do one and one.

    Raises:
        SideError: none in common.
    """
    ours, theirs = ({ranking.seed: ranking for ranking in side} for side in pair)
    if len(ours) == len(theirs) == 1:
        (a,), (b,) = ours.values(), theirs.values()
        return [SeedPair(b.seed, a, b)]
    if set(ours) == {0}:
        return [SeedPair(seed, ours[0], b) for seed, b in theirs.items()]
    if set(theirs) == {0}:
        return [SeedPair(seed, a, theirs[0]) for seed, a in ours.items()]
    common = [SeedPair(seed, ours[seed], theirs[seed]) for seed in ours if seed in theirs]
    if not common:
        names = f"{label_of(pair.a)} and {label_of(pair.b)}"
        raise SideError(f"{names}: found the seeds {list(ours)} and {list(theirs)}, expected one in common")
    return common


def values_by_measure(pair: Pair, asked: Asked) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """By measure the values of A and B, seeds × queries alike.

    Raises:
        SideError: a measure is not there, or too few queries.
        PairingError: they do not have the same queries.
    """
    pairs = seed_pairs(pair)
    ours, theirs = (
        {one.seed: values_of(ranking, asked) for one, ranking in zip(pairs, side, strict=True)}
        for side in ([one.a for one in pairs], [one.b for one in pairs])
    )
    found = {}
    for measure in asked.measures:
        a, b = (
            pd.DataFrame({seed: values[measure] for seed, values in side.items()}).T
            for side in (ours, theirs)
        )
        found[measure] = (a, paired(b, a, label_of(pair.b), label_of(pair.a)))
        if a.shape[1] < LEAST_QUERIES:
            raise SideError(
                f"{label_of(pair.a)}: found {a.shape[1]} {asked.split} queries with values of {measure}, "
                f"expected at least {LEAST_QUERIES}"
            )
    return found


def compare_pairs(
    pairs: Sequence[Pair], asked: Asked, confidence: float, *, overlap: bool = True
) -> list[Compared]:
    """Every measure of every pair of systems, by measure.

    Args:
        overlap: whether to read the runs.
    """
    rows: dict[str, list[Compared]] = {measure: [] for measure in asked.measures}
    for pair in pairs:
        logger.info("%s and %s", label_of(pair.a), label_of(pair.b))
        values = values_by_measure(pair, asked)
        rbo = _overlap(pair, values[asked.measures[0]][0].columns, confidence) if overlap else Overlap()
        for measure, (a, b) in values.items():
            rows[measure].append(_compared(pair, measure, a, b, rbo, confidence))
    if len(pairs) > 1:
        for measure, of_measure in rows.items():
            adjusted = holm([row.p for row in of_measure])
            rows[measure] = [
                row._replace(holm_p=float(p)) for row, p in zip(of_measure, adjusted, strict=True)
            ]
    return [row for of_measure in rows.values() for row in of_measure]


def gains(differences: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Differences with the sign that a gain is positive: the other one where lower is better."""
    return -differences if MEASURES[measure].better == "lower" else differences


def _compared(
    pair: Pair, measure: str, a: pd.DataFrame, b: pd.DataFrame, rbo: Overlap, confidence: float
) -> Compared:
    differences = b - a
    span = DIFFERENCES if MEASURES[measure].span == "0 to 1" else EVERYWHERE
    answers = compare(differences.to_numpy(), None, confidence, span=span)
    asked = Question.TRAINING if len(a) > 1 else Question.CHECKPOINTS
    answer, change = answers[asked], gains(differences, measure).to_numpy()
    return Compared(
        a=label_of(pair.a),
        b=label_of(pair.b),
        measure=measure,
        seeds=[int(seed) for seed in a.index],
        queries=a.shape[1],
        mean_a=float(a.to_numpy().mean()),
        mean_b=float(b.to_numpy().mean()),
        difference=float(answer.mean),
        lower=float(answer.lower),
        upper=float(answer.upper),
        p=float(answer.p),
        of_these_p=float(answers[Question.CHECKPOINTS].p),
        holm_p=None,
        wins=int((change > SAME).sum()),
        ties=int((np.abs(change) <= SAME).sum()),
        losses=int((change < -SAME).sum()),
        rbo=rbo.mean,
        rbo_lower=rbo.lower,
        rbo_upper=rbo.upper,
    )


def _overlap(pair: Pair, qids: pd.Index, confidence: float) -> Overlap:
    """Of the lists of each seed and query; nothing where a run is missing."""
    rows = []
    for one in seed_pairs(pair):
        ours, theirs = lists_of(one.a), lists_of(one.b)
        if ours is None or theirs is None:
            return Overlap()
        values = overlaps(theirs, {qid: ours.get(qid, []) for qid in qids})
        rows.append([values[qid] for qid in qids])
    array = np.array(rows)
    estimate = crossed_estimate(array) if len(rows) > 1 else query_estimate(array)
    lower, upper = estimate.interval(confidence, VALUES)
    return Overlap(float(estimate.mean), float(lower), float(upper))
