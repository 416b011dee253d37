"""Means and intervals of values by seed and query."""

import math

import numpy as np
import pytest
from scipy import stats

from dsi.evaluation.estimates import (
    components,
    crossed_estimate,
    effect_size,
    mean_interval,
    mean_squares,
    query_estimate,
)
from tests.evaluation.conftest import WORKED, crossed


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


def test_effect_size_worked_by_hand() -> None:
    # Averaged over seeds 2, 3, 5, 6: mean 4, standard deviation √(10 / 3).
    assert float(effect_size(WORKED)) == pytest.approx(4 / math.sqrt(10 / 3))
    assert math.isnan(effect_size(np.ones((2, 3))))


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize("of_seeds", [0.0, 0.005, 0.1], ids=["off", "small", "large"])
def test_intervals_about_training_hold_their_level(seeds: int, of_seeds: float) -> None:
    # 2000 experiments: 95 % - 1.6 % is 3.3 standard errors. The full grid is in docs/method/verdict.md.
    values = crossed(np.random.default_rng(8), (2000, seeds, 60), of_seeds, 0.02, 0.3)
    lower, upper = crossed_estimate(values).interval(0.95)
    assert ((lower <= 0) & (upper >= 0)).mean() > 0.934


def test_a_difference_of_the_margin_is_seldom_called_equivalent() -> None:
    for of_seeds in (0.0, 0.05):
        values = crossed(np.random.default_rng(12), (2000, 3, 60), of_seeds, 0.02, 0.3) + 0.3
        assert (crossed_estimate(values).equivalence_p(0.3) <= 0.05).mean() < 0.066
