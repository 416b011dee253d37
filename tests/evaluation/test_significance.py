"""Tests of differences that are paired by seed and query."""

import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from dsi.evaluation import significance
from dsi.evaluation.estimates import DIFFERENCES, crossed_estimate
from dsi.evaluation.significance import Question, compare, holm, sign_flip_test
from tests.evaluation.conftest import WORKED, crossed


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_outside_0_and_1_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match=f"found {confidence}.*such as 0.95"):
        compare(WORKED, 0.1, confidence)


def test_randomisation_of_few_queries_is_exact() -> None:
    # Sums of ±1 ±2 ±3: at least 6 in absolute value for 2 of 8 patterns, at least 4 for 4 of 8.
    assert sign_flip_test([[1.0, 2, 3], [-1, 2, 3]]) == pytest.approx([2 / 8, 4 / 8])
    values = np.random.default_rng(1).normal(0.3, 1, 11)
    expected = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert float(sign_flip_test(values)) == pytest.approx(expected.pvalue)


def test_randomisation_of_many_queries_is_near_scipys() -> None:
    values = np.random.default_rng(2).normal(0.12, 1, (3, 200))
    for row, p in zip(values, sign_flip_test(values), strict=True):
        expected = stats.permutation_test(
            (row,), np.mean, permutation_type="samples", n_resamples=9999, rng=np.random.default_rng(3)
        )
        assert p == pytest.approx(expected.pvalue, abs=0.02)


@pytest.mark.parametrize("at_a_time", [1, 999, 10**9])
def test_signs_drawn_in_parts_are_the_same_signs(at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).normal(0.1, 1, (3, 37))
    signs = np.random.default_rng(0).integers(0, 2, (500, 37)) * 2 - 1
    extreme = np.abs(values @ signs.T) >= np.abs(values.sum(axis=1, keepdims=True)) - 1e-9
    monkeypatch.setattr(significance, "SIGNS_AT_A_TIME", at_a_time)
    assert sign_flip_test(values, 500).tolist() == ((1 + extreme.sum(axis=1)) / 501).tolist()


def test_memory_does_not_grow_with_the_queries() -> None:
    values = np.random.default_rng(4).normal(0, 1, (2, 6980))
    tracemalloc.start()
    sign_flip_test(values, 2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64e6  # 2,000 × 6,980 numbers of 8 bytes are 112 MB


def test_intervals_are_cut_off_where_differences_end() -> None:
    values = np.random.default_rng(5).normal(-0.9, 0.1, (2, 5))
    for question, answer in compare(values, None, 0.95, span=DIFFERENCES).items():
        whole = compare(values, None, 0.95)[question]
        assert float(answer.lower) == max(-1.0, float(whole.lower))
        assert float(answer.upper) == min(1.0, float(whole.upper))
        assert float(answer.p) == float(whole.p)
    assert float(compare(values, None, 0.95)[Question.TRAINING].lower) < -1


def test_queries_without_any_difference_have_p_1() -> None:
    answers = compare(np.zeros((3, 50)), 0.01, 0.95)
    for answer in answers.values():
        assert (float(answer.p), float(answer.equivalence_p)) == (1.0, 0.0)
        assert (float(answer.lower), float(answer.upper)) == (0.0, 0.0)


def test_the_same_difference_everywhere_is_certain() -> None:
    answer = compare(np.full((3, 50), 0.5), 0.01, 0.95)[Question.TRAINING]
    assert float(answer.p) < 1e-9
    assert float(answer.equivalence_p) == 1.0


def test_one_seed_answers_nothing_about_training() -> None:
    answers = compare(WORKED[:1], 0.1, 0.95)
    training = answers[Question.TRAINING]
    assert float(training.mean) == 2.0
    assert np.isnan([training.lower, training.upper, training.p, training.equivalence_p]).all()
    assert np.isfinite([float(value) for value in answers[Question.CHECKPOINTS]]).all()


def test_many_comparisons_at_once_equal_each_by_itself() -> None:
    values = np.random.default_rng(4).normal(0.1, 1, (5, 3, 40))
    together = compare(values, 0.2, 0.95)
    for i, matrix in enumerate(values):
        alone = compare(matrix, 0.2, 0.95)
        for question in Question:
            found = [float(field[i]) for field in together[question]]
            assert found == pytest.approx([float(field) for field in alone[question]])


@pytest.mark.parametrize("values", [[0.1, 0.2], [[0.1]], [[0.1, math.nan]]])
def test_values_that_cannot_be_compared_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"found .*expected"):
        compare(values, 0.1, 0.95)


def test_a_margin_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="margin: found 0"):
        compare(WORKED, 0, 0.95)


def test_holm_worked_by_hand() -> None:
    # Sorted .01 .02 .03 .04: times 4, 3, 2, 1 is .04 .06 .06 .04, then never below the one before.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    # As R's p.adjust(c(.001, .008, .039, .041, .042), "holm").
    assert holm([0.001, 0.008, 0.039, 0.041, 0.042]) == pytest.approx([0.005, 0.032, 0.117, 0.117, 0.117])


def test_holm_does_not_count_tests_that_were_not_made() -> None:
    adjusted = holm([0.02, math.nan, 0.01])
    assert math.isnan(adjusted[1])
    assert [adjusted[0], adjusted[2]] == pytest.approx([0.02, 0.02])


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("of_seeds", [0.0, 0.1], ids=["off", "on"])
def test_family_wise_error_of_seven_rates_that_share_a_control(seeds: int, of_seeds: float) -> None:
    rng = np.random.default_rng(9)
    control = crossed(rng, (1500, seeds, 40), of_seeds, 0.02, 0.3)[:, None]
    rates = crossed(rng, (1500 * 7, seeds, 40), of_seeds, 0.02, 0.3).reshape(1500, 7, seeds, 40)
    alarms = (holm(crossed_estimate(rates - control).p_value()) <= 0.05).any(axis=1)
    assert alarms.mean() < 0.05 + 0.018


def test_flips_per_query_answer_the_first_question_only() -> None:
    # The trap: with seeds that differ, a test over queries raises far more than 5 % false alarms.
    values = crossed(np.random.default_rng(10), (400, 3, 100), 0.05, 0.0, 0.5)
    averaged = sign_flip_test(values.mean(axis=1), 999)
    assert (averaged <= 0.05).mean() > 0.4
    assert (crossed_estimate(values).p_value() <= 0.05).mean() < 0.08
    # Without differing seeds it holds its level.
    values = crossed(np.random.default_rng(11), (1000, 3, 100), 0.0, 0.05, 0.5)
    assert (sign_flip_test(values.mean(axis=1), 999) <= 0.05).mean() < 0.073


def test_without_a_margin_equivalence_is_not_tested() -> None:
    alone, both = compare(WORKED, None, 0.95), compare(WORKED, 0.5, 0.95)
    for question in Question:
        assert math.isnan(alone[question].equivalence_p)
        assert [float(value) for value in alone[question][:4]] == [
            float(value) for value in both[question][:4]
        ]
