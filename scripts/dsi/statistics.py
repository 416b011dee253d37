"""Statistics over seeds. Does not know measures, systems, tables or figures."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit


def mean_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Student's t interval for the mean: mean ± t(n - 1) · s / √n, s with n - 1 in the denominator.

    Args:
        values: independent values of about normal distribution, here one a seed.
        confidence: how often such intervals hold the true mean, between 0 and 1: 0.95, say.

    Returns:
        (lower, upper) in the unit of the values; (NaN, NaN) for a single value, which says nothing
        about spread.

    Raises:
        ValueError: no values, or a confidence that is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: found {confidence}, expected between 0 and 1, such as 0.95")
    if not len(values):
        raise ValueError("no values; expected at least one")
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) == 1:
        return math.nan, math.nan
    # As scipy.stats.t.ppf, without the half second of importing scipy.stats.
    quantile = float(stdtrit(len(sample) - 1, (1 + confidence) / 2))
    half = quantile * float(sample.std(ddof=1)) / math.sqrt(len(sample))
    mean = float(sample.mean())
    return mean - half, mean + half
