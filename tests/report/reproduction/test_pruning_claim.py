"""The claim that pruned beats dense at rates 0.2 and 0.3."""

from itertools import product

import numpy as np
import pytest

from dsi.report.reproduction.frame import reproduction_frame
from dsi.report.reproduction.pruning_claim import (
    AHEAD,
    BEHIND,
    UNTOLD,
    Comparison,
    claim_words,
    comparisons,
    corrected,
    dense_row,
    pruning_claim,
)
from dsi.report.reproduction.published import published_rows
from tests.report.reproduction.conftest import claimed_rows, entry, pruned_reports


def test_differences_are_taken_within_seeds_and_counted_in_lists() -> None:
    frame = reproduction_frame([*pruned_reports(1, 0.002, 0.001), *pruned_reports(2, 0.004, 0.001)])
    compared = comparisons(claimed_rows(), frame, 0.95)
    found = {(item.rate, item.control, item.measure): item for item in compared}
    item = found[0.2, "dense, 25 epochs", "MAP"]
    assert item.differences == [0.001, 0.003]
    assert item.mean == 0.002
    assert item.published == 0.00095
    # 1,400 queries: 0.002 is 2.8 perfect lists. One perfect list has Recall@1000 0.005.
    assert item.mean * item.lists == pytest.approx(2.8)
    recall = found[0.2, "dense, 25 epochs", "R@1000"]
    assert recall.mean * recall.lists == pytest.approx(2.8 / 0.005)
    assert found[0.2, "restart (rate 0)", "MAP"].published is None
    assert (0.2, "dense E1 + E2", "MAP") not in found


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.001], UNTOLD),
        ([0.001, 0.001], UNTOLD),  # equal by rounding
        ([0.001, 0.0012, 0.0011], AHEAD),
        ([-0.001, -0.0012, -0.0011], BEHIND),
        ([-0.001, 0.0012, 0.0011], UNTOLD),
        ([0.001, 0.003], UNTOLD),  # t(1) = 12.7: 0.002 ± 0.0127
    ],
)
def test_a_verdict_needs_an_interval_beyond_zero(differences: list[float], verdict: str) -> None:
    assert Comparison(0.2, "dense", "MAP", None, differences, 1400, 0.95).verdict == verdict


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([(0.002, 0.003)], "cannot be told, for one run per row has no interval. 4 of the 4"),
        ([(0.002, 0.003), (0.0021, 0.0031), (0.0022, 0.0032)], "the evidence of 3 seeds supports the claim"),
        ([(0.002, 0.0), (0.0021, 0.0001), (0.0022, 0.0002)], "the evidence of 3 seeds contradicts the claim"),
        ([(0.002, 0.0), (0.0021, 0.003), (0.0022, 0.0002)], "cannot be told from 3 seeds"),
    ],
)
def test_the_third_claim_in_words(values: list[tuple[float, float]], answer: str) -> None:
    reports = [one for seed, pair in enumerate(values, start=1) for one in pruned_reports(seed, *pair)]
    text = " ".join(pruning_claim(claimed_rows(), reproduction_frame(reports), 0.95).split())
    assert "**Here, against dense, 25 epochs, rates 0.2 and 0.3**: " in text
    assert text.count(answer) == 2  # the dense row and restart have the same values
    # 0.00214 - 0.00119 = 0.00095, of 1,400 queries 1.33; Recall@1000 is equal in the published rows.
    assert "MAP is above the dense row's at 2 of the claimed rates, by 1.3 lists at most" in text
    assert "Recall@1000 is above the dense row's at 0 of the claimed rates" in text


def test_a_rate_that_was_not_run_leaves_the_claim_untested() -> None:
    reports = [one for one in pruned_reports(1, 0.002, 0.003) if one.system.rate != 0.3]
    assert "not tested" in pruning_claim(claimed_rows(), reproduction_frame(reports), 0.95)
    assert pruning_claim(claimed_rows(), reproduction_frame(reports[:1]), 0.95).startswith("Not run")


def test_the_dense_row_to_beat_is_the_best_of_model_and_k() -> None:
    pruned = claimed_rows()[1]
    rows = published_rows([entry("k10", K=10), entry(), entry("later", best=False, epochs="30")])
    assert dense_row(rows, pruned) == rows[1]
    assert dense_row([row._replace(best=False) for row in rows], pruned) == rows[2]._replace(best=False)
    assert dense_row(rows[:1], pruned) is None


def answers(values: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", confidence: float) -> str:
    """What is said of seeds × (MAP and Recall@1000 at 0.2, at 0.3), each minus a control of 0.5."""
    compared = [
        Comparison(rate, "dense", measure, None, list(column), 1400, corrected(confidence))
        for (rate, measure), column in zip(product((0.2, 0.3), ("MAP", "R@1000")), values.T, strict=True)
    ]
    return claim_words(compared, "dense")


def test_no_difference_contradicts_the_claim_as_seldom_as_the_confidence_says() -> None:
    """In 1,000 studies of 5 seeds without any difference; the fixed 95 % of each interval gave 9 %."""
    values = np.random.default_rng(6).normal(0, 0.01, (1000, 5, 4))
    for confidence in (0.95, 0.8):
        wrong = ["contradicts" in answers(study, confidence) for study in values]
        assert np.mean(wrong) <= (1 - confidence) / 2 + 0.01  # the other half would lie above 0


def test_the_page_states_the_corrected_intervals() -> None:
    reports = [one for seed, gain in ((1, 0.002), (2, 0.0021)) for one in pruned_reports(seed, gain, 0.003)]
    text = " ".join(pruning_claim(claimed_rows(), reproduction_frame(reports), 0.9).split())
    assert "The interval is that of 97.5 %," in text
    assert "the 4 that judge the claim against one control hold with 90 % together" in text
