"""Tests of differences that are paired by seed and query, and the answers to both questions.

Arrays have the axes (…, S, Q): any number of comparisons, seeds, queries. The two questions and their
statistics are explained in dsi.evaluation.estimates.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dsi.evaluation.estimates import (
    EVERYWHERE,
    Array,
    Estimate,
    Span,
    as_floats,
    checked_values,
    crossed_estimate,
    query_estimate,
)

# Of the randomisation test: a p-value of .05 then has a standard error of .002.
RESAMPLES = 9999
# How many signs and how many comparisons are held at a time.
SIGNS_AT_A_TIME, ROWS_AT_A_TIME = 2_000_000, 256


class Question(StrEnum):
    """What a number is about: these trained models, or training like this once more."""

    CHECKPOINTS = "checkpoints"
    TRAINING = "training"


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


def compare(
    differences: ArrayLike,
    margin: float | None,
    confidence: float,
    resamples: int = RESAMPLES,
    span: Span = EVERYWHERE,
) -> dict[Question, Comparison]:
    """Both answers to "is the mean difference zero, and is it within ± margin?".

    Args:
        differences: shape (…, S, Q), system minus control, paired by seed and query.
        margin: the largest difference that does not matter, in the unit of the differences; None asks
            the first question alone, and equivalence_p is NaN.
        confidence: of the intervals, between 0 and 1.
        span: where a mean difference can lie; intervals are cut off at its ends.

    Returns:
        By question, arrays of the shape (…). With one seed, of `training` only the mean.

    Raises:
        ValueError: fewer than two queries, no seed, values that are not finite, a margin that is not
            positive, or a confidence that is not between 0 and 1.
    """
    values = checked_values(differences)
    if margin is not None and not margin > 0:
        raise ValueError(f"margin: found {margin}, expected more than 0, such as 0.01")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: found {confidence}, expected between 0 and 1, such as 0.95")
    by_query = query_estimate(values)
    flips = sign_flip_test(values.mean(axis=-2), resamples)
    checkpoints = _comparison(by_query, flips, margin, confidence, span)
    if values.shape[-2] == 1:
        unknown = np.full_like(by_query.mean, np.nan)
        training = Comparison(by_query.mean, unknown, unknown, unknown, unknown)
    else:
        crossed = crossed_estimate(values)
        training = _comparison(crossed, crossed.p_value(), margin, confidence, span)
    return {Question.CHECKPOINTS: checkpoints, Question.TRAINING: training}


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
    one counted as one of them: (1 + as extreme) / (1 + resamples). Signs are drawn and used in parts, so
    that memory does not grow with the queries.
    """
    values = np.asarray(differences, dtype=np.float64)
    queries = values.shape[-1]
    every = 2**queries <= resamples
    observed = np.abs(values.sum(axis=-1))
    # Equal sums in another order of addition differ in the last digits.
    least = (observed - 1e-12 * np.abs(values).sum(axis=-1)).reshape(-1)
    flat = values.reshape(-1, queries)
    count = np.zeros(len(flat), dtype=np.int64)
    for signs in sign_patterns(queries, resamples):
        for start in range(0, len(flat), ROWS_AT_A_TIME):
            part = slice(start, start + ROWS_AT_A_TIME)
            count[part] += (np.abs(signs @ flat[part].T) >= least[part]).sum(axis=0)
    p = count / 2**queries if every else (1 + count) / (1 + resamples)
    return as_floats(p.reshape(observed.shape))


def sign_patterns(queries: int, resamples: int) -> Iterator[Array]:
    """Rows of ±1, (part, Q): all 2^Q patterns if those are no more than the resamples, else random ones."""
    return _every_sign(queries) if 2**queries <= resamples else _random_signs(resamples, queries)


def _every_sign(queries: int) -> Iterator[Array]:
    """All 2^Q patterns of ±1, (2^Q, Q), in one part: there are no more than resamples."""
    yield as_floats(1.0 - 2.0 * (np.arange(2**queries)[:, None] >> np.arange(queries) & 1))


def _random_signs(resamples: int, queries: int) -> Iterator[Array]:
    """±1, (part, Q), `resamples` rows in all: the same whatever the size of the parts."""
    rng = np.random.default_rng(0)
    size = max(1, SIGNS_AT_A_TIME // queries)
    for start in range(0, resamples, size):
        yield as_floats(rng.integers(0, 2, (min(size, resamples - start), queries)) * 2.0 - 1.0)


def _comparison(
    estimate: Estimate, p: Array, margin: float | None, confidence: float, span: Span
) -> Comparison:
    unknown = np.full_like(estimate.mean, np.nan)
    equivalence_p = unknown if margin is None else estimate.equivalence_p(margin)
    return Comparison(estimate.mean, *estimate.interval(confidence, span), p, equivalence_p)
