"""Estimates of a mean over seeds and queries: intervals, p-values, variances, effect sizes.

Every query is asked of the model of every seed: queries and seeds are *crossed*, and two questions have
two answers.

    checkpoints  Are *these* models better? Seeds are fixed, queries a sample: values are averaged over
                 the seeds; a paired randomisation test flips signs per query (Smucker, Allan &
                 Carterette 2007), the interval is Student's t over queries. Bootstrap intervals are too
                 narrow here: most differences are 0 and a few are large; docs/method/verdict.md.
    training     Is *training* this way better? Seeds and queries are both samples: variances from the
                 two-way analysis of variance, intervals by Howe's rule (below), p-values by inverting it.

Howe (1974), "Approximate confidence limits on the mean of X + Y": an error that is the sum of two
independent parts with estimated variances a² and b² and their own degrees of freedom has the interval
± √(t_a²·a² + t_b²·b²). Satterthwaite's rule, one t for the sum, is narrower and does not hold its level
with 2 to 5 seeds, least of all at the small levels that Holm's correction asks for; docs/method/verdict.md.

Arrays have the axes (…, S, Q): any number of comparisons, seeds, queries.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]
# Smaller p-values are not told apart.
LEAST_P = 1e-100


class Span(NamedTuple):
    """Between which ends a mean can lie at all; intervals end there too."""

    lower: float
    upper: float


EVERYWHERE = Span(-math.inf, math.inf)
# Of measures from 0 to 1, and of the difference of two such.
VALUES, DIFFERENCES = Span(0.0, 1.0), Span(-1.0, 1.0)


class MeanSquares(NamedTuple):
    """Of the two-way analysis of variance without replicates; each of the shape (…)."""

    seeds: Array
    queries: Array
    residual: Array


class Components(NamedTuple):
    """Variances of one value: of the seeds' effects, the queries' effects, and what is left."""

    seeds: float
    queries: float
    residual: float


class Estimate(NamedTuple):
    """Means, and the variance of their error in two parts, each with its degrees of freedom.

    mean and variances have the shape (…).
    """

    mean: Array
    from_seeds: Array
    from_queries: Array
    seed_freedom: int
    query_freedom: int

    def half_width(self, error: ArrayLike) -> Array:
        """Howe's √(t²·from_seeds + t²·from_queries), t that of 1 - error / 2 and each part's freedom."""
        of_seeds = stdtrit(self.seed_freedom, np.asarray(error) / 2)
        of_queries = stdtrit(self.query_freedom, np.asarray(error) / 2)
        return as_floats(np.sqrt(of_seeds**2 * self.from_seeds + of_queries**2 * self.from_queries))

    def interval(self, confidence: float, span: Span = EVERYWHERE) -> tuple[Array, Array]:
        """Lower and upper ends, each of the shape (…), within the span."""
        half = self.half_width(1 - confidence)
        return np.maximum(self.mean - half, span.lower), np.minimum(self.mean + half, span.upper)

    def p_value(self, null: float = 0.0) -> Array:
        """Two-sided: 1 less the confidence of the interval that ends at `null`; at least LEAST_P, or 0."""
        distance = np.abs(self.mean - null)
        total = self.from_seeds + self.from_queries
        ratio = distance / np.sqrt(np.where(total > 0, total, 1))
        # Howe's limit lies between the two t limits of the whole error, so its p-value does too.
        ends = [2 * stdtr(freedom, -ratio) for freedom in (self.seed_freedom, self.query_freedom)]
        low, high = (
            np.log(np.maximum(np.minimum(*ends), LEAST_P)),
            np.log(np.maximum(np.maximum(*ends), LEAST_P)),
        )
        for _ in range(50):
            middle = (low + high) / 2
            beyond = self.half_width(np.exp(middle)) > distance
            low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
        return as_floats(np.where(total > 0, np.exp(high), np.where(distance > 0, 0.0, 1.0)))

    def equivalence_p(self, margin: float) -> Array:
        """Two one-sided tests (Schuirmann 1987): of a mean of -margin or less, and of margin or more."""
        return np.maximum(self._one_sided(-margin, 1), self._one_sided(margin, -1))

    def _one_sided(self, null: float, sign: int) -> Array:
        """p of the test that the mean does not lie beyond `null` in the direction of `sign`."""
        half = self.p_value(null) / 2
        return as_floats(np.where(sign * (self.mean - null) > 0, half, 1 - half))


def mean_interval(values: Sequence[float], confidence: float, span: Span = EVERYWHERE) -> tuple[float, float]:
    """Student's t interval for the mean: mean ± t(n - 1) · s / √n, s with n - 1 in the denominator.

    Args:
        values: independent values of about normal distribution, here one a seed.
        confidence: how often such intervals hold the true mean, between 0 and 1: 0.95, say.
        span: where the mean can lie; the interval is cut off at its ends.

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
    return max(mean - half, span.lower), min(mean + half, span.upper)


def mean_squares(values: Array) -> MeanSquares:
    """Shape (…, S, Q) with S and Q at least 2; expected values are in `components`."""
    seeds, queries = values.shape[-2:]
    mean = values.mean(axis=(-2, -1), keepdims=True)
    by_seed, by_query = values.mean(axis=-1, keepdims=True), values.mean(axis=-2, keepdims=True)
    residual = values - by_seed - by_query + mean
    return MeanSquares(
        queries * ((by_seed - mean) ** 2).sum(axis=(-2, -1)) / (seeds - 1),
        seeds * ((by_query - mean) ** 2).sum(axis=(-2, -1)) / (queries - 1),
        (residual**2).sum(axis=(-2, -1)) / ((seeds - 1) * (queries - 1)),
    )


def crossed_estimate(values: Array) -> Estimate:
    """The mean over seeds and queries, both samples: values of shape (…, S, Q), S at least 2.

    The variance of the mean is σ²(seeds)/S + σ²(queries)/Q + σ²(residual)/SQ. MS(seeds)/SQ estimates the
    first and third part together, (MS(queries) - MS(residual))/SQ the second. Where that comes out
    negative, or MS(seeds) below MS(residual), chance has made the sum too small; the smallest mean
    square taken off instead, the whole never falls below either one-way estimate.
    """
    return howe_estimate(values.mean(axis=(-2, -1)), mean_squares(values), *values.shape[-2:])


def howe_estimate(mean: Array, squares: MeanSquares, seeds: int, queries: int) -> Estimate:
    """`crossed_estimate` from the mean squares."""
    smallest = np.minimum(np.minimum(squares.seeds, squares.queries), squares.residual)
    cells = seeds * queries
    return Estimate(mean, squares.seeds / cells, (squares.queries - smallest) / cells, seeds - 1, queries - 1)


def query_estimate(values: Array) -> Estimate:
    """The mean over queries, of the values averaged over these seeds: shape (…, S, Q); Student's t."""
    averaged = values.mean(axis=-2)
    queries = averaged.shape[-1]
    from_queries = averaged.var(axis=-1, ddof=1) / queries
    return Estimate(
        averaged.mean(axis=-1), np.zeros_like(from_queries), from_queries, queries - 1, queries - 1
    )


def components(values: ArrayLike) -> Components:
    """Variances from expected mean squares, negative ones as 0, of one comparison (S, Q), S at least 2.

    E MS(seeds) = Q σ²(seeds) + σ²(residual), E MS(queries) = S σ²(queries) + σ²(residual).
    """
    array = checked_values(values)
    seeds, queries = array.shape
    squares = mean_squares(array)
    residual = float(squares.residual)
    return Components(
        max(float(squares.seeds) - residual, 0.0) / queries,
        max(float(squares.queries) - residual, 0.0) / seeds,
        residual,
    )


def effect_size(differences: Array) -> Array:
    """Cohen's d_z: mean over standard deviation, over queries, of the differences averaged over seeds.

    Shape (…, S, Q) to (…); NaN if all queries differ alike.
    """
    averaged = differences.mean(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return as_floats(
            np.where(np.ptp(averaged, axis=-1) > 0, averaged.mean(-1) / averaged.std(-1, ddof=1), np.nan)
        )


def checked_values(values: ArrayLike) -> Array:
    """Values of shape (…, S, Q) as an array.

    Raises:
        ValueError: fewer than one seed or two queries, or a value that is missing or infinite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 2 or array.shape[-2] < 1 or array.shape[-1] < 2:
        raise ValueError(f"found values of shape {array.shape}, expected (…, seeds ≥ 1, queries ≥ 2)")
    if not np.isfinite(array).all():
        raise ValueError("found a value that is missing or infinite, expected one for every seed and query")
    return array


def as_floats(value: ArrayLike) -> Array:
    """Numpy's scalars and arrays alike as arrays, as their functions promise to return."""
    return np.asarray(value, dtype=np.float64)
