"""Statistics of values by seed and query. Does not know measures, systems, tables or figures.

Every query is asked of the model of every seed: queries and seeds are *crossed*, and two questions have
two answers.

    checkpoints  Are *these* models better? Seeds are fixed, queries a sample: values are averaged over
                 the seeds; a paired randomisation test flips signs per query (Smucker, Allan &
                 Carterette 2007), the interval is Student's t over queries. Bootstrap intervals are too
                 narrow here: most differences are 0 and a few are large; docs/verdict.md.
    training     Is *training* this way better? Seeds and queries are both samples: variances from the
                 two-way analysis of variance, intervals by Howe's rule (below), p-values by inverting it.

Howe (1974), "Approximate confidence limits on the mean of X + Y": an error that is the sum of two
independent parts with estimated variances a² and b² and their own degrees of freedom has the interval
± √(t_a²·a² + t_b²·b²). Satterthwaite's rule, one t for the sum, is narrower and does not hold its level
with 2 to 5 seeds, least of all at the small levels that Holm's correction asks for; docs/verdict.md.

Arrays have the axes (…, S, Q): any number of comparisons, seeds, queries.
"""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]

# Of the randomisation test: a p-value of .05 then has a standard error of .002.
RESAMPLES = 9999
# More than these are reported as out of reach.
MOST_SEEDS, MOST_QUERIES = 100, 1_000_000
# Smaller p-values are not told apart.
LEAST_P = 1e-100
# Simulated experiments behind one power: its standard error is .005 at most.
POWER_DRAWS = 8000
POWER = 0.8


class Question(StrEnum):
    """What a number is about: these trained models, or training like this once more."""

    CHECKPOINTS = "checkpoints"
    TRAINING = "training"


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


class Needed(NamedTuple):
    """How many seeds with the queries there are, and queries with the seeds there are; None: out of reach."""

    seeds: int | None
    queries: int | None


class Comparison(NamedTuple):
    """Answers to one question, of the shape (…); NaN where the data cannot answer it.

    p: two-sided, of no difference. equivalence_p: the larger of two one-sided tests, of a difference of
    the margin or more; small if the difference is surely within it.
    """

    mean: Array
    lower: Array
    upper: Array
    p: Array
    equivalence_p: Array


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
        return _array(np.sqrt(of_seeds**2 * self.from_seeds + of_queries**2 * self.from_queries))

    def interval(self, confidence: float) -> tuple[Array, Array]:
        """Lower and upper ends, each of the shape (…)."""
        half = self.half_width(1 - confidence)
        return self.mean - half, self.mean + half

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
        return _array(np.where(total > 0, np.exp(high), np.where(distance > 0, 0.0, 1.0)))

    def equivalence_p(self, margin: float) -> Array:
        """Two one-sided tests (Schuirmann 1987): of a mean of -margin or less, and of margin or more."""
        return np.maximum(self._one_sided(-margin, 1), self._one_sided(margin, -1))

    def _one_sided(self, null: float, sign: int) -> Array:
        """p of the test that the mean does not lie beyond `null` in the direction of `sign`."""
        half = self.p_value(null) / 2
        return _array(np.where(sign * (self.mean - null) > 0, half, 1 - half))


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


def compare(
    differences: ArrayLike, margin: float, confidence: float, resamples: int = RESAMPLES
) -> dict[Question, Comparison]:
    """Both answers to "is the mean difference zero, and is it within ± margin?".

    Args:
        differences: shape (…, S, Q), system minus control, paired by seed and query.
        margin: the largest difference that does not matter, in the unit of the differences.
        confidence: of the intervals, between 0 and 1.

    Returns:
        By question, arrays of the shape (…). With one seed, of `training` only the mean.

    Raises:
        ValueError: fewer than two queries, no seed, values that are not finite, a margin that is not
            positive, or a confidence that is not between 0 and 1.
    """
    values = _checked(differences)
    if not margin > 0:
        raise ValueError(f"margin: found {margin}, expected more than 0, such as 0.01")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: found {confidence}, expected between 0 and 1, such as 0.95")
    by_query = query_estimate(values)
    checkpoints = Comparison(
        by_query.mean,
        *by_query.interval(confidence),
        sign_flip_test(values.mean(axis=-2), resamples),
        by_query.equivalence_p(margin),
    )
    if values.shape[-2] == 1:
        unknown = np.full_like(by_query.mean, np.nan)
        training = Comparison(by_query.mean, unknown, unknown, unknown, unknown)
    else:
        crossed = crossed_estimate(values)
        training = Comparison(
            crossed.mean, *crossed.interval(confidence), crossed.p_value(), crossed.equivalence_p(margin)
        )
    return {Question.CHECKPOINTS: checkpoints, Question.TRAINING: training}


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
    array = _checked(values)
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
        return _array(
            np.where(np.ptp(averaged, axis=-1) > 0, averaged.mean(-1) / averaged.std(-1, ddof=1), np.nan)
        )


def holm(p_values: ArrayLike) -> Array:
    """Holm's (1979) adjusted p-values, along the last axis: reject those at or below the level.

    The smallest of m times m, the next times m - 1, …, never below the one before, at most 1. NaN, a test
    that was not made, stays NaN and does not count in m.
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, axis=-1)
    made = np.isfinite(values).sum(axis=-1, keepdims=True)
    factors = np.maximum(made - np.arange(values.shape[-1]), 1)
    stepped = np.maximum.accumulate(np.take_along_axis(values, order, -1) * factors, axis=-1)
    adjusted = np.empty_like(values)
    np.put_along_axis(adjusted, order, np.minimum(stepped, 1), -1)
    return adjusted


def sign_flip_test(differences: ArrayLike, resamples: int = RESAMPLES) -> Array:
    """Two-sided paired randomisation test of the mean, shape (…, Q) to (…).

    All 2^Q sign patterns if those are no more than the resamples; otherwise random ones, with the observed
    one counted as one of them: (1 + as extreme) / (1 + resamples).
    """
    values = np.asarray(differences, dtype=np.float64)
    queries = values.shape[-1]
    every = 2**queries <= resamples
    if every:
        signs = 1.0 - 2.0 * (np.arange(2**queries)[:, None] >> np.arange(queries) & 1)
    else:
        signs = np.random.default_rng(0).integers(0, 2, (resamples, queries)) * 2.0 - 1.0
    observed = np.abs(values.sum(axis=-1))
    # Equal sums in another order of addition differ in the last digits.
    least = observed - 1e-12 * np.abs(values).sum(axis=-1)
    flat = values.reshape(-1, queries)
    count = _columns(lambda rows: np.abs(signs @ rows.T), flat, least.reshape(-1))
    p = count / len(signs) if every else (1 + count) / (1 + len(signs))
    return _array(p.reshape(observed.shape))


def power(variances: Components, seeds: int, queries: int, margin: float, level: float, tests: int) -> float:
    """How often such an experiment would settle a comparison, by simulated mean squares; seeds at least 2.

    The smaller of two shares: of experiments with a true difference of the margin that find one at
    level / tests (the first step of Holm's correction), and of experiments without any difference that
    show equivalence at the level. The observed difference does not enter: power at that is the p-value
    once more.
    """
    rng = np.random.default_rng(2)
    freedom = MeanSquares(*map(np.asarray, (seeds - 1, queries - 1, (seeds - 1) * (queries - 1))))
    expected = MeanSquares(
        np.asarray(queries * variances.seeds + variances.residual),
        np.asarray(seeds * variances.queries + variances.residual),
        np.asarray(variances.residual),
    )
    drawn = (e * rng.chisquare(float(df), POWER_DRAWS) / df for e, df in zip(expected, freedom, strict=True))
    spread = math.sqrt(
        variances.seeds / seeds + variances.queries / queries + variances.residual / (seeds * queries)
    )
    error = rng.normal(0.0, spread, POWER_DRAWS)
    estimate = howe_estimate(error, MeanSquares(*drawn), seeds, queries)
    found = np.abs(error + margin) > estimate.half_width(level / tests)
    equivalent = np.abs(error) + estimate.half_width(2 * level) < margin
    return float(min(found.mean(), equivalent.mean()))


def needed(
    differences: ArrayLike, question: Question, margin: float, level: float = 0.05, tests: int = 1
) -> Needed:
    """The fewest seeds, and the fewest queries, with which `power` reaches 0.8.

    Args:
        differences: shape (S, Q); their variances are taken for the true ones.
        tests: comparisons in the family that Holm's correction is over.

    Returns:
        Of `training` with one seed, and of what lies beyond MOST_SEEDS or MOST_QUERIES, None. Of
        `checkpoints` no number of seeds: those are given.
    """
    values = _checked(differences)
    seeds, queries = values.shape
    if question is Question.CHECKPOINTS:
        variances = Components(0.0, float(values.mean(axis=0).var(ddof=1)), 0.0)
        # Without a variance of their own, seeds change nothing; two are the fewest of a crossed design.
        return Needed(None, _smallest(lambda n: power(variances, 2, n, margin, level, tests), MOST_QUERIES))
    if seeds == 1:
        return Needed(None, None)
    variances = components(values)
    return Needed(
        _smallest(lambda n: power(variances, n, queries, margin, level, tests), MOST_SEEDS),
        _smallest(lambda n: power(variances, seeds, n, margin, level, tests), MOST_QUERIES),
    )


def _smallest(reached: Callable[[int], float], most: int) -> int | None:
    """The smallest count, from 2, with the power asked for; power grows with the count."""
    if reached(most) < POWER:
        return None
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= POWER else (middle, high)
    return high


def _columns(statistic: Callable[[Array], Array], rows: Array, least: Array, size: int = 256) -> Array:
    """Of each row, how many resampled statistics are at least `least`; in parts, to spare memory."""
    parts = (slice(start, start + size) for start in range(0, len(rows), size))
    return np.concatenate([(statistic(rows[part]) >= least[part]).sum(axis=0) for part in parts])


def _checked(values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 2 or array.shape[-2] < 1 or array.shape[-1] < 2:
        raise ValueError(f"found values of shape {array.shape}, expected (…, seeds ≥ 1, queries ≥ 2)")
    if not np.isfinite(array).all():
        raise ValueError("found a value that is missing or infinite, expected one for every seed and query")
    return array


def _array(value: ArrayLike) -> Array:
    return np.asarray(value, dtype=np.float64)
