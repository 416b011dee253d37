"""A claim in one sentence: whether it holds, and what each of its named differences says."""

import math
from collections.abc import Callable, Sequence

from dsi.evaluation.claims import Answer, Found, Look, answer, answer_beyond_margin, found


def claim_sentence(looks: Sequence[Look], level: float) -> str:
    """`**does not hold**: no gain at 0.2 (at most -0.4 %); open at 0.3 (-1.0 % to +3.1 %).`, to follow `it`.

    The sentence is that of the claim that every look is a gain; where looks have a margin, a second clause is
    about gains of more than it. Shares are of the control; absolute where it has nothing.

    Args:
        looks: the differences that the claim names.
        level: of the tests.
    """
    words = {Answer.HOLDS: "**holds**", Answer.REFUTED: "**does not hold**"}
    reached = answer(looks, level)
    parts = "; ".join(_look_words(look, level) for look in looks)
    sentence = f"{words.get(reached, f'{reached}')}: {parts}."
    return sentence + _beyond_margin(looks, reached)


def _look_words(look: Look, level: float) -> str:
    """What one named difference says, by its interval."""
    says = found(look, level)
    if math.isnan(look.upper):
        return f"nothing known at {look.name}"
    if says is Found.NO_GAIN:
        return f"no gain at {look.name} (at most {_share(look.upper, look)})"
    if says is Found.SMALL:
        return f"no gain above {_share(look.upper, look, signed=False)} at {look.name}"
    name = "a gain" if says is Found.GAIN else "open"
    return f"{name} at {look.name} ({_share(look.lower, look, math.floor)} to {_share(look.upper, look)})"


def _beyond_margin(looks: Sequence[Look], reached: Answer) -> str:
    """The clause about a gain of more than the margin; none where there is no gain at all, or no margin."""
    if reached is Answer.REFUTED or any(math.isnan(look.margin) for look in looks):
        return ""
    beyond = answer_beyond_margin(looks)
    margin = _share(looks[0].margin, looks[0], signed=False)
    if beyond is Answer.REFUTED:
        excluded = " and ".join(look.name for look in looks if look.upper < look.margin)
        return f" That it gains more than the margin ({margin}) does not hold: excluded at {excluded}."
    return f" It gains more than the margin ({margin})." if beyond is Answer.HOLDS else ""


def _share(value: float, look: Look, rounded: Callable[[float], int] = math.ceil, signed: bool = True) -> str:
    """As a share of the control, absolute where that is 0; rounded so that intervals do not shrink."""
    sign = "+" if signed else ""
    if not look.control_value:
        return f"{value:{sign}.4f}"
    tenths = rounded(round(1000 * value / look.control_value, 6)) / 10
    return f"{tenths + 0:{sign}.1f} %"
