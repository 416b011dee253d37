"""Whether a claim that names its rates beforehand holds."""

from math import nan

import pytest

from dsi.evaluation.claims import Answer, Found, Look, answer, answer_beyond_margin, found

GAIN = Look("0.2", 0.02, 0.01, 0.03, 0.001, 0.5, 0.01)
SMALL = Look("0.2", 0.001, -0.004, 0.006, 0.6, 0.5, 0.01)
NONE = Look("0.3", -0.02, -0.03, -0.01, 0.001, 0.5, 0.01)
OPEN = Look("0.3", 0.002, -0.02, 0.024, 0.9, 0.5, 0.01)
UNKNOWN = Look("0.3", 0.02, nan, nan, nan, 0.5, 0.01)
SMALL_GAIN = Look("0.3", 0.004, 0.001, 0.007, 0.02, 0.5, 0.01)


@pytest.mark.parametrize(
    ("look", "says"),
    [
        (GAIN, Found.GAIN),
        (SMALL_GAIN, Found.GAIN),
        (SMALL, Found.SMALL),
        (NONE, Found.NO_GAIN),
        (NONE._replace(upper=0.0, p=0.05), Found.NO_GAIN),
        (OPEN, Found.OPEN),
        (UNKNOWN, Found.OPEN),
        (SMALL._replace(margin=nan), Found.OPEN),
    ],
)
def test_what_a_look_says(look: Look, says: Found) -> None:
    assert found(look, 0.05) is says


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (GAIN, SMALL_GAIN, Answer.HOLDS),
        (GAIN, NONE, Answer.REFUTED),
        (OPEN, NONE, Answer.REFUTED),
        # A gain that is surely small is none that is excluded.
        (SMALL, SMALL, Answer.OPEN),
        (GAIN, OPEN, Answer.OPEN),
        (GAIN, UNKNOWN, Answer.OPEN),
    ],
)
def test_a_claim_holds_if_all_win_and_falls_with_one_that_cannot(
    first: Look, second: Look, expected: Answer
) -> None:
    assert answer([first, second], 0.05) is expected


def test_no_look_is_corrected_for_the_others() -> None:
    """Holm over two would ask .025 of the smaller: the claim needs both, so .04 and .04 are enough."""
    assert answer([GAIN._replace(p=0.04), SMALL_GAIN._replace(p=0.04)], 0.05) is Answer.HOLDS


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (GAIN._replace(lower=0.011), GAIN._replace(lower=0.011), Answer.HOLDS),
        (GAIN, SMALL_GAIN, Answer.REFUTED),
        (OPEN, OPEN, Answer.OPEN),
        (UNKNOWN, OPEN, Answer.OPEN),
    ],
)
def test_more_than_the_margin_is_another_claim(first: Look, second: Look, expected: Answer) -> None:
    assert answer_beyond_margin([first, second]) is expected
