"""The claim that MAP and recall rise although the loss rises too."""

import math

import pytest

from dsi.report.reproduction.descent_claim import descent_claim, long_run
from dsi.report.reproduction.published import published_rows
from tests.report.reproduction.conftest import entry, history, long_history


def test_a_long_run_after_its_lowest_loss() -> None:
    """Epochs 2 to 6: ranks of loss 1, 2, 3.5, 5, 3.5; of MAP 1, 3, 2, 4, 5 (Σd² = 2, ρ = 1 - 12/120)."""
    run = long_run(long_history())
    assert (run.lowest, run.peak, run.last) == ((2, 1.0), (5, 5.0), (6, 3.0))
    assert run.quality == (0.1, 0.5)
    assert run.average_precision == pytest.approx(0.9)
    # Pearson's of 1…5 and the ranks: Σ = (-2)(-2) + (-1)(-1) + 0 + 1 · 2 + 2 · 0.5 = 8 over √(10 · 9.5).
    assert run.loss == pytest.approx(8 / math.sqrt(95))
    assert math.isnan(run.recall)


def test_the_second_claim_in_words() -> None:
    rows = published_rows([entry()])
    text = " ".join(descent_claim(rows, {("small-k5", 1): long_history()}).split())
    assert "agrees with the claim on MAP; it does not on Recall@1000" in text
    assert "by 50.00 % of what it had risen" in text
    falling = long_history().assign(test_loss=[6.0, 5, 4, 3, 2, 1])
    text = " ".join(descent_claim(rows, {("small-k5", 1): falling}).split())
    assert "lowest, 1.000, after the last epoch, 6: it does not rise, so the claim cannot be tested" in text
    assert descent_claim(rows, {("small-k5", 1): history([1], [0])}).startswith("Not run")
