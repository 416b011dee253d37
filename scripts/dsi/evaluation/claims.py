"""Whether a claim holds that names beforehand where a model beats its control, and where it must: everywhere.

Each named difference is a *look*; the claim holds if every one is a gain. That is an intersection-union test
(Berger 1982): it is wrong with at most the level although no look is corrected, since all must win. It
does not hold where one look excludes a gain: the upper end of its interval lies at or below 0. With n
looks a true claim is so refuted with at most n times half the error of one interval.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Look(NamedTuple):
    """One named difference, model minus control, higher being better.

    name: as sentences say it, `0.2`. p: two-sided, of no difference, corrected for nothing; NaN where the
    data cannot answer, like the ends of the interval. control_value: what shares are of; margin: the
    largest difference that does not matter, in the unit of the difference, NaN for none.
    """

    name: str
    difference: float
    lower: float
    upper: float
    p: float
    control_value: float
    margin: float


class Answer(StrEnum):
    """What the evidence says about a claim."""

    HOLDS = "holds"
    REFUTED = "does not hold"
    OPEN = "is neither shown nor refuted"


class Found(StrEnum):
    """What one look says: a gain, none, none above the margin, nothing yet."""

    GAIN = "gain"
    NO_GAIN = "no gain"
    SMALL = "no gain above"
    OPEN = "open"


def found(look: Look, level: float) -> Found:
    """A gain if its own p says so; none where the interval ends at or below 0; NaN decides nothing."""
    if look.p <= level and look.difference > 0:
        return Found.GAIN
    if look.upper <= 0:
        return Found.NO_GAIN
    return Found.SMALL if look.upper < look.margin else Found.OPEN


def answer(looks: Sequence[Look], level: float) -> Answer:
    """Of the claim that every look is a gain."""
    each = [found(look, level) for look in looks]
    if all(one is Found.GAIN for one in each):
        return Answer.HOLDS
    return Answer.REFUTED if Found.NO_GAIN in each else Answer.OPEN


def answer_beyond_margin(looks: Sequence[Look]) -> Answer:
    """Of the claim that every look is a gain of more than the margin, by the ends of the intervals."""
    if all(look.lower > look.margin for look in looks):
        return Answer.HOLDS
    if any(look.upper < look.margin and not math.isnan(look.upper) for look in looks):
        return Answer.REFUTED
    return Answer.OPEN
