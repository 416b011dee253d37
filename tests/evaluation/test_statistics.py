"""Means, intervals and tests of values by seed and query."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dsi.evaluation.estimates import (
    Components,
    components,
    crossed_estimate,
    effect_size,
    mean_interval,
    mean_squares,
    query_estimate,
)
from dsi.evaluation.power import needed, power
from dsi.evaluation.significance import Question, compare, holm, sign_flip_test

Array = NDArray[np.float64]
# Three seeds (rows), four queries (columns).
#                 means: 2, 4, 6 by seed, 2, 3, 5, 6 by query, 4 in all.
WORKED = np.array([[1.0, 0, 3, 4], [1, 4, 5, 6], [4, 5, 7, 8]])


def crossed(
    rng: np.random.Generator, shape: tuple[int, int, int], seeds: float, queries: float, rest: float
) -> Array:
    """Experiments of normal effects with the given variances: (experiments, S, Q)."""
    n, s, q = shape
    effects = rng.normal(0, math.sqrt(seeds), (n, s, 1)) + rng.normal(0, math.sqrt(queries), (n, 1, q))
    return effects + rng.normal(0, math.sqrt(rest), shape)


def test_interval_worked_by_hand() -> None:
    # Mean 2, s = 1, t(2 degrees, 97.5 %) = 4.30265: 2 ± 4.30265 / √3 = 2 ± 2.48414.
    assert mean_interval([1, 2, 3], 0.95) == pytest.approx((-0.48414, 4.48414), abs=1e-5)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("values", [[0.61, 0.58], [0.5, 0.52, 0.49, 0.55, 0.5]])
def test_interval_equals_scipys(values: list[float], confidence: float) -> None:
    centre, scale = sum(values) / len(values), stats.sem(values)
    expected = stats.t.interval(confidence, len(values) - 1, loc=centre, scale=scale)
    assert mean_interval(values, confidence) == pytest.approx(expected, rel=1e-12)


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert mean_interval([0.5, 0.5, 0.5], 0.95) == (0.5, 0.5)


def test_a_single_value_has_no_interval() -> None:
    assert all(math.isnan(end) for end in mean_interval([0.5], 0.95))


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_outside_0_and_1_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match=f"found {confidence}.*such as 0.95"):
        mean_interval([1, 2], confidence)
    with pytest.raises(ValueError, match=f"found {confidence}.*such as 0.95"):
        compare(WORKED, 0.1, confidence)


def test_no_values_are_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        mean_interval([], 0.95)


def test_mean_squares_worked_by_hand() -> None:
    # Seeds: 4 · ((-2)² + 0² + 2²) / 2 = 16. Queries: 3 · ((-2)² + (-1)² + 1² + 2²) / 3 = 10.
    # Residuals: 1 -1 0 0 / -1 1 0 0 / 0 0 0 0, as value - seed - query + 4: 4 / 6.
    assert [float(square) for square in mean_squares(WORKED)] == pytest.approx([16, 10, 4 / 6])
    # (16 - 2/3) / 4 and (10 - 2/3) / 3.
    assert components(WORKED) == pytest.approx((3.83333, 3.11111, 0.66667), abs=1e-5)


def test_crossed_interval_worked_by_hand() -> None:
    # From seeds 16 / 12, from queries (10 - 2/3) / 12 = 0.77778; t = 4.30265 (2) and 3.18245 (3):
    # √(18.5128 · 1.33333 + 10.1280 · 0.77778) = √(24.6837 + 7.8773) = 5.70624.
    lower, upper = crossed_estimate(WORKED).interval(0.95)
    assert (float(lower), float(upper)) == pytest.approx((4 - 5.70624, 4 + 5.70624), abs=1e-4)


def test_the_error_is_never_smaller_than_over_seeds_or_over_queries_alone() -> None:
    rng = np.random.default_rng(0)
    values = crossed(rng, (500, 3, 20), 0.0, 0.0, 1.0)
    squares, estimate = mean_squares(values), crossed_estimate(values)
    total = estimate.from_seeds + estimate.from_queries
    assert (total >= np.maximum(squares.seeds, squares.queries) / 60 - 1e-12).all()
    assert (estimate.from_queries >= 0).all()


def test_without_query_differences_the_crossed_test_is_students_over_seeds() -> None:
    values = np.repeat([[0.3], [0.1], [0.2]], 5, axis=1)
    estimate = crossed_estimate(values)
    expected = stats.ttest_1samp([0.3, 0.1, 0.2], 0)
    assert float(estimate.p_value()) == pytest.approx(expected.pvalue, rel=1e-9)
    assert np.ravel(estimate.interval(0.95)) == pytest.approx(expected.confidence_interval(0.95))


def test_the_p_value_is_where_the_interval_ends_at_the_null() -> None:
    estimate = crossed_estimate(WORKED)
    p = float(estimate.p_value(1.0))
    assert float(estimate.interval(1 - p)[0]) == pytest.approx(1.0)


def test_over_queries_equals_scipys_t_test() -> None:
    averaged = WORKED.mean(axis=0)
    estimate = query_estimate(WORKED)
    assert float(estimate.p_value(1)) == pytest.approx(stats.ttest_1samp(averaged, 1).pvalue, rel=1e-9)
    expected = stats.ttest_1samp(averaged, 0).confidence_interval(0.9)
    assert np.ravel(estimate.interval(0.9)) == pytest.approx(expected)


def test_equivalence_equals_two_one_sided_t_tests_of_scipy() -> None:
    for shift in (-3.5, 0.0, 9.0):
        values = WORKED - 4 + shift
        sides = [
            stats.ttest_1samp(values.mean(axis=0), -3, alternative="greater").pvalue,
            stats.ttest_1samp(values.mean(axis=0), 3, alternative="less").pvalue,
        ]
        assert float(query_estimate(values).equivalence_p(3)) == pytest.approx(max(sides), rel=1e-9)


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


def test_effect_size_worked_by_hand() -> None:
    # Averaged over seeds 2, 3, 5, 6: mean 4, standard deviation √(10 / 3).
    assert float(effect_size(WORKED)) == pytest.approx(4 / math.sqrt(10 / 3))
    assert math.isnan(effect_size(np.ones((2, 3))))


def test_power_over_queries_equals_the_noncentral_t_distribution() -> None:
    # A t test of 34 with an effect of 0.5 standard deviations has power .808 (Cohen 1988; G*Power).
    found = power(Components(0, 1, 0), 2, 34, 0.5, 0.05, 1)
    critical = stats.t.ppf(0.975, 33)
    equivalence = 2 * stats.t.cdf(0.5 * math.sqrt(34) - stats.t.ppf(0.95, 33), 33) - 1
    assert stats.nct.sf(critical, 33, 0.5 * math.sqrt(34)) == pytest.approx(0.808, abs=0.001)
    assert found == pytest.approx(min(0.808, equivalence), abs=0.02)


def test_power_is_that_of_simulated_experiments() -> None:
    rng = np.random.default_rng(5)
    values = crossed(rng, (3000, 5, 100), 0.01, 0.1, 1.0)
    found = crossed_estimate(values + 0.3).p_value() <= 0.05 / 7
    equivalent = crossed_estimate(values).equivalence_p(0.3) <= 0.05
    expected = min(found.mean(), equivalent.mean())
    assert power(Components(0.01, 0.1, 1.0), 5, 100, 0.3, 0.05, 7) == pytest.approx(expected, abs=0.03)


def test_needed_reaches_the_power_and_one_less_does_not() -> None:
    values = crossed(np.random.default_rng(6), (1, 4, 150), 0.0005, 0.02, 0.3)[0]
    variances = components(values)
    seeds, queries = needed(values, Question.TRAINING, 0.15)
    assert seeds is not None and queries is not None
    for s, q in ((seeds, 150), (4, queries)):
        assert power(variances, s, q, 0.15, 0.05, 1) >= 0.8
    assert power(variances, seeds - 1, 150, 0.15, 0.05, 1) < 0.8
    assert power(variances, 4, queries - 1, 0.15, 0.05, 1) < 0.8


def test_no_number_of_queries_makes_up_for_seeds_that_differ() -> None:
    # Seeds' effects of variance 1, so a t test over seeds with an effect of 0.5: 34 of them find it (Cohen
    # 1988); to show equivalence, about (t 95 % + t 90 %)² · 4 = (1.69 + 1.31)² · 4 = 36.
    values = np.repeat([[-1.0], [0.0], [1.0]], 50, axis=1)
    seeds, queries = needed(values, Question.TRAINING, 0.5)
    assert queries is None
    assert seeds is not None and 35 <= seeds <= 37


def test_needed_says_nothing_about_training_from_one_seed() -> None:
    assert needed(WORKED[:1], Question.TRAINING, 0.1) == (None, None)
    seeds, queries = needed(WORKED[:1], Question.CHECKPOINTS, 0.5)
    assert seeds is None and queries is not None and queries > 4


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize("of_seeds", [0.0, 0.005, 0.1], ids=["off", "small", "large"])
def test_intervals_about_training_hold_their_level(seeds: int, of_seeds: float) -> None:
    # 2000 experiments: 95 % - 1.6 % is 3.3 standard errors. The full grid is in docs/verdict.md.
    values = crossed(np.random.default_rng(8), (2000, seeds, 60), of_seeds, 0.02, 0.3)
    lower, upper = crossed_estimate(values).interval(0.95)
    assert ((lower <= 0) & (upper >= 0)).mean() > 0.934


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


def test_a_difference_of_the_margin_is_seldom_called_equivalent() -> None:
    for of_seeds in (0.0, 0.05):
        values = crossed(np.random.default_rng(12), (2000, 3, 60), of_seeds, 0.02, 0.3) + 0.3
        assert (crossed_estimate(values).equivalence_p(0.3) <= 0.05).mean() < 0.066
