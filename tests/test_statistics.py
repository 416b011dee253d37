"""Intervals of a mean over seeds."""

import math

import pytest
from scipy import stats

from dsi.statistics import mean_interval


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
