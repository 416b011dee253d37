"""From values per query to verdicts: which pruned models differ from their controls, and how surely.

The statistics are those of dsi.evaluation.estimates, significance and multiplicity.

Frame
    verdicts  one row per recovered system, control and question: the fields of VerdictRow. Empty where
              nothing was pruned, or fewer than LEAST_QUERIES were tested on.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation import estimates
from dsi.evaluation.choices import with_choices
from dsi.evaluation.estimates import Array, Span, components, effect_size
from dsi.evaluation.families import Family, families
from dsi.evaluation.gates import LEAST_QUERIES, Gate
from dsi.evaluation.multiplicity import over_all
from dsi.evaluation.power import Needed, needed
from dsi.evaluation.significance import Comparison, Question, compare, holm
from dsi.evaluation.wins import wins


class Verdict(StrEnum):
    """What the evidence says about one difference."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    OPEN = "not enough evidence"
    NOTHING = "nothing can be concluded"


class VerdictRow(NamedTuple):
    """A row of the frame `verdicts`, in the unit of the measure where nothing else is said.

    rate: of pruning. seeds, queries: how many the row is of. value, control_value: means of both systems.
    lower, upper: of the interval. share_of_control: the difference as one, NaN of a control of 0.
    effect_size: Cohen's d_z. p: of one test; p_holm: over the rates of the criterion; p_all: over all
    criteria and rates that share the control, `tests` in number; equivalence_p: of one rate. NaN where
    the data cannot answer. verdict: by p_all; verdict_alone: by p_holm. variance_*: components of one
    difference, NaN of one seed. win, win_lower, win_upper: P(win) as in dsi.evaluation.wins.
    needed_seeds, needed_queries: what would find the margin in an open row. best_rate, best_criterion:
    whether it is of those.
    """

    baseline: str
    criterion: str
    rate: float
    control: str
    question: str
    seeds: int
    queries: int
    value: float
    control_value: float
    difference: float
    lower: float
    upper: float
    share_of_control: float
    effect_size: float
    margin: float
    p: float
    p_holm: float
    p_all: float
    tests: int
    equivalence_p: float
    verdict: str
    verdict_alone: str
    variance_seeds: float
    variance_queries: float
    variance_rest: float
    win: float
    win_lower: float
    win_upper: float
    needed_seeds: int | None
    needed_queries: int | None
    best_rate: bool
    best_criterion: bool


COLUMNS = VerdictRow._fields


class Scale(NamedTuple):
    """Of a measure: which values are better, and where a mean difference can lie."""

    better: Literal["higher", "lower"]
    span: Span

    @property
    def sign(self) -> int:
        """What a difference is multiplied by to be a gain."""
        return 1 if self.better == "higher" else -1


QUALITY = Scale("higher", estimates.DIFFERENCES)
LOSS_SCALE = Scale("lower", estimates.EVERYWHERE)


def verdicts(
    values: pd.DataFrame,
    passed: Mapping[str, Gate],
    margin: float | None,
    confidence: float,
    split: str = "test",
    scale: Scale = QUALITY,
) -> pd.DataFrame:
    """Every recovered system against every control there is, by both questions.

    Args:
        values: as in dsi.evaluation.paired_values.
        passed: what `gates` returns, of MAP.
        margin: the largest difference that does not matter, as a share of the dense model's mean (E1); None
            asks no question of equivalence.
        confidence: of the intervals; tests are at the level 1 - confidence.
        split: of the queries tested on; best_rate and best_criterion are chosen on validation.
        scale: of the measure.

    Returns:
        COLUMNS; no rows for a baseline whose dense model finds nothing, or of fewer than LEAST_QUERIES.

    Raises:
        PairingError: a control is missing, or two systems do not have the same seeds and queries.
    """
    rows, level = values[values["split"] == split], 1 - confidence
    enough = rows["qid"].nunique() >= LEAST_QUERIES
    judged = list(_judged(list(families(rows, margin)), level, scale)) if enough else []
    if not judged:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = pd.concat(judged, ignore_index=True)
    open_gate = frame["baseline"].map(lambda baseline: passed[baseline].passed)
    frame.loc[~open_gate, ["verdict", "verdict_alone"]] = Verdict.NOTHING
    frame.loc[~open_gate, ["needed_seeds", "needed_queries"]] = pd.NA
    return with_choices(frame, values, scale.better == "higher")[list(COLUMNS)]


def verdict_rows(frame: pd.DataFrame) -> list[VerdictRow]:
    """The rows of what `verdicts` returns, as records."""
    values = frame[list(COLUMNS)].itertuples(index=False, name=None)
    rows = [VerdictRow(*row) for row in values]
    return [
        row._replace(
            needed_seeds=None if pd.isna(row.needed_seeds) else row.needed_seeds,
            needed_queries=None if pd.isna(row.needed_queries) else row.needed_queries,
        )
        for row in rows
    ]


def decide(gain: float, p: float, equivalence_p: float, level: float) -> Verdict:
    """A difference that is surely there comes before one that is surely small; NaN decides nothing.

    Args:
        gain: the difference, positive where the model is better.
        p: two-sided and corrected.
    """
    if p <= level:
        return Verdict.BETTER if gain > 0 else Verdict.WORSE
    return Verdict.EQUIVALENT if equivalence_p <= level else Verdict.OPEN


def _judged(every: list[Family], level: float, scale: Scale) -> Iterator[pd.DataFrame]:
    """For each family and question one row a rate, with its verdict and what would settle it.

    p_all is over the families of one baseline and control.
    """
    answers = [
        compare(
            family.differences,
            None if np.isnan(family.margin) else family.margin,
            1 - level,
            span=scale.span,
        )
        for family in every
    ]
    keys = [(family.baseline, family.control) for family in every]
    adjusted: dict[tuple[int, Question], Array] = {}
    for key in dict.fromkeys(keys):
        places = [place for place, own in enumerate(keys) if own == key]
        for question in Question:
            parts = over_all(
                [every[place].differences for place in places],
                [answers[place][question].p for place in places],
                question,
            )
            adjusted |= {(place, question): part for place, part in zip(places, parts, strict=True)}
    for place, family in enumerate(every):
        tests = sum(len(other.rates) for other, own in zip(every, keys, strict=True) if own == keys[place])
        for question in Question:
            p_all = adjusted[place, question]
            frame = _answered(family, question, answers[place][question], scale, 1 - level)
            yield _decided(frame.assign(p_all=p_all, tests=tests), family, question, level, scale)


def _decided(
    frame: pd.DataFrame, family: Family, question: Question, level: float, scale: Scale
) -> pd.DataFrame:
    """The rows with their verdicts, and with what an open one needs."""
    gains = scale.sign * frame["difference"]
    by_all, alone = (
        [
            decide(gain, p, equivalence_p, level)
            for gain, p, equivalence_p in zip(gains, frame[column], frame["equivalence_p"], strict=True)
        ]
        for column in ("p_all", "p_holm")
    )
    nothing = Needed(None, None)
    counts = [
        needed(matrix, question, family.margin, level, int(frame["tests"].iloc[0]))
        if verdict == Verdict.OPEN and family.margin > 0
        else nothing
        for matrix, verdict in zip(family.differences, by_all, strict=True)
    ]
    return frame.assign(
        verdict=by_all,
        verdict_alone=alone,
        needed_seeds=pd.array([count.seeds for count in counts], dtype="Int64"),
        needed_queries=pd.array([count.queries for count in counts], dtype="Int64"),
    )


def _answered(
    family: Family, question: Question, answer: Comparison, scale: Scale, confidence: float
) -> pd.DataFrame:
    """The numbers of one question's rows."""
    won = wins(scale.sign * family.differences, confidence)[question]
    frame = pd.DataFrame(
        {
            "baseline": family.baseline,
            "criterion": family.criterion,
            "rate": family.rates,
            "control": family.control,
            "question": str(question),
            "seeds": family.values.shape[1],
            "queries": family.values.shape[2],
            "value": family.values.mean(axis=(1, 2)),
            "control_value": family.of_control.mean(axis=(1, 2)),
            "difference": answer.mean,
            "lower": answer.lower,
            "upper": answer.upper,
            "effect_size": effect_size(family.differences),
            "margin": family.margin,
            "p": answer.p,
            "p_holm": holm(answer.p),
            "equivalence_p": answer.equivalence_p,
            "win": won.share,
            "win_lower": won.lower,
            "win_upper": won.upper,
        }
    )
    frame["share_of_control"] = frame["difference"] / frame["control_value"].replace(0, np.nan)
    several = family.values.shape[1] > 1
    variances = [components(matrix) if several else (np.nan,) * 3 for matrix in family.differences]
    frame[["variance_seeds", "variance_queries", "variance_rest"]] = variances
    return frame
