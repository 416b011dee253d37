"""A claim in one sentence."""

import pytest

from dsi.evaluation.claims import Look
from dsi.report.claim_words import claim_sentence
from tests.evaluation.test_claims import GAIN, NONE, OPEN, SMALL, SMALL_GAIN, UNKNOWN


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        (
            [GAIN, GAIN._replace(name="0.3")],
            "**holds**: a gain at 0.2 (+2.0 % to +6.0 %); a gain at 0.3 (+2.0 % to +6.0 %).",
        ),
        ([OPEN, NONE], "**does not hold**: open at 0.3 (-4.0 % to +4.8 %); no gain at 0.3 (at most -2.0 %)."),
        (
            [SMALL, OPEN],
            "is neither shown nor refuted: no gain above 1.2 % at 0.2; open at 0.3 (-4.0 % to +4.8 %). That "
            "it gains more than the margin (2.0 %) does not hold: excluded at 0.2.",
        ),
        (
            [GAIN, SMALL_GAIN],
            "**holds**: a gain at 0.2 (+2.0 % to +6.0 %); a gain at 0.3 (+0.2 % to +1.4 %). That it gains "
            "more than the margin (2.0 %) does not hold: excluded at 0.3.",
        ),
        ([GAIN, UNKNOWN], "is neither shown nor refuted: a gain at 0.2 (+2.0 % to +6.0 %); nothing known at"),
    ],
)
def test_sentences(looks: list[Look], words: str) -> None:
    assert claim_sentence(looks, 0.05).startswith(words)


def test_limits_are_rounded_outwards() -> None:
    # 0.00601 / 0.5 = 1.202 %, so no gain above 1.3 %; -0.02001 / 0.5 = -4.002 %.
    assert "no gain above 1.3 % at 0.2" in claim_sentence([SMALL._replace(upper=0.00601)], 0.05)
    assert "open at 0.3 (-4.1 % to +4.9 %)" in claim_sentence(
        [OPEN._replace(lower=-0.02001, upper=0.02401)], 0.05
    )


def test_a_control_that_finds_nothing_has_no_shares() -> None:
    assert "a gain at 0.2 (+0.0100 to +0.0300)" in claim_sentence([GAIN._replace(control_value=0.0)], 0.05)
