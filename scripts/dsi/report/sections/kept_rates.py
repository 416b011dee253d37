"""Of the verdicts on one criterion: which rates are kept, which are lost, and how much is lost.

A rate is *kept* if a loss above the margin is excluded, *lost* if a loss of the margin or less is; else
it is open.
"""

import math
from collections.abc import Sequence

from dsi.evaluation.verdicts import VerdictRow


def up_to(rows: Sequence[VerdictRow], level: float) -> float | None:
    """The highest rate such that it and all below are kept."""
    reached = None
    for row in rows:
        if not kept(row, level):
            return reached
        reached = row.rate
    return reached


def kept(row: VerdictRow, level: float) -> bool:
    """A loss above the margin is excluded, by the interval or the test of equivalence; NaN excludes none."""
    return row.lower > -row.margin or row.equivalence_p <= level


def lost(row: VerdictRow) -> bool:
    return row.upper < -row.margin


def loss_words(row: VerdictRow) -> str:
    """`45 % [41, 49]` of the control."""
    if not row.control_value or math.isnan(row.share_of_control):
        return f"{-row.difference:.4f}"
    ends = (min(100 * -end / row.control_value, 100.0) for end in (row.upper, row.lower))
    low, high = (f"{end:.0f}" for end in ends)
    return f"{-100 * row.share_of_control:.0f} % [{low}, {high}]"
