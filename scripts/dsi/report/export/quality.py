"""How good an exported checkpoint is on the test queries, beside its dense counterpart and BM25."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dsi.evaluation.estimates import VALUES, Array, query_estimate
from dsi.report.comparison.compared import compare_pairs, values_by_measure
from dsi.report.comparison.judged import Asked
from dsi.report.comparison.sides import Pair, read_side
from dsi.systems import System

MEASURES = ("MAP", "nDCG@10", "R@10")
SPLIT = "test"


class Estimated(NamedTuple):
    """A mean over test queries, or a difference of two such, and the ends of its interval."""

    mean: float
    lower: float
    upper: float


class Quality(NamedTuple):
    """By measure, in the order of MEASURES: values of a system, and how far the checkpoint lies above it.

    difference: None of the checkpoint itself.
    """

    system: System
    values: Sequence[Estimated]
    difference: Sequence[Estimated] | None


def qualities(
    results: Path, system: System, others: Sequence[System], confidence: float
) -> tuple[list[Quality], int]:
    """The checkpoint, then the systems that it is held against; and of how many test queries.

    Intervals are Student's t over the queries, for this one checkpoint.

    Raises:
        SideError, PairingError: values are missing, or of other queries.
    """
    asked = Asked(MEASURES, SPLIT, None, 1)
    found: list[Quality] = []
    for other in others:
        pair = Pair(
            *(read_side(str(results / f"metrics/{slug}.json")).rankings for slug in (other.slug, system.slug))
        )
        values = values_by_measure(pair, asked)
        theirs, ours = (
            [_estimated(values[measure][side].to_numpy(), confidence) for measure in MEASURES]
            for side in (0, 1)
        )
        if not found:
            found.append(Quality(system, ours, None))
        rows = compare_pairs([pair], asked, confidence, overlap=False)
        differences = [Estimated(row.difference, row.lower, row.upper) for row in rows]
        found.append(Quality(other, theirs, differences))
    return found, values[MEASURES[0]][0].shape[1]


def _estimated(values: Array, confidence: float) -> Estimated:
    """Of values (1, Q), one a query."""
    estimate = query_estimate(values)
    return Estimated(float(estimate.mean), *map(float, estimate.interval(confidence, VALUES)))
