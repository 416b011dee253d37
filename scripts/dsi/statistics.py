"""Statistics over repeated runs. Does not know tables or figures."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Summary(NamedTuple):
    """Mean, standard deviation (n - 1) and number of values; the deviation of one value is NaN."""

    mean: float
    deviation: float
    runs: int


def summary(values: Sequence[float]) -> Summary:
    """Mean and standard deviation of the values: 1, 2, 3 give 2, 1, 3."""
    array = np.asarray(values, dtype=np.float64)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else float("nan")
    return Summary(float(array.mean()), deviation, len(array))


def mean_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Student's t interval for the mean, (lower, upper); (NaN, NaN) for a single value."""
    mean, deviation, runs = summary(values)
    if runs < 2:
        return float("nan"), float("nan")
    half = float(stats.t.ppf((1 + confidence) / 2, runs - 1)) * deviation / runs**0.5
    return mean - half, mean + half
