"""The probability that the pruned model is the better one."""

import numpy as np
import pytest

from dsi.evaluation.estimates import crossed_estimate
from dsi.evaluation.significance import Question
from dsi.evaluation.wins import wins


def test_wins_worked_by_hand() -> None:
    # Seed 1: better, alike, worse, better; seed 2: better, better, worse, alike.
    gains = np.array([[0.2, 0.0, -0.5, 0.1], [0.3, 0.1, -0.1, 0.0]])
    found = wins(gains, 0.95)
    # (1 + .5 + 0 + 1 + 1 + 1 + 0 + .5) / 8; by query 1, .75, 0, .75: s = .4330, t(3) = 3.1824, / √4.
    for question in Question:
        assert found[question].share == pytest.approx(0.625)
    of_these = found[Question.CHECKPOINTS]
    assert (of_these.lower, of_these.upper) == pytest.approx((0.0, 1.0))  # 0.625 ± 0.689, cut off
    won = np.array([[1, 0.5, 0, 1], [1, 1, 0, 0.5]])
    wide = wins(np.tile(gains, (1, 10)), 0.95)[Question.TRAINING]
    ends = crossed_estimate(np.tile(won, (1, 10))).interval(0.95)
    assert wide.lower == pytest.approx(max(float(ends[0]), 0))
    assert wide.upper == pytest.approx(min(float(ends[1]), 1))


def test_one_seed_knows_nothing_of_others() -> None:
    found = wins(np.array([[0.1, -0.1, 0.2]]), 0.95)[Question.TRAINING]
    assert found.share == pytest.approx(2 / 3)
    assert np.isnan(found.lower) and np.isnan(found.upper)


def test_all_comparisons_at_once() -> None:
    gains = np.random.default_rng(1).normal(size=(4, 3, 20))
    together = wins(gains, 0.9)[Question.TRAINING]
    for place, matrix in enumerate(gains):
        alone = wins(matrix, 0.9)[Question.TRAINING]
        assert [float(part[place]) for part in together] == pytest.approx([float(part) for part in alone])
