"""How many seeds or queries would settle a comparison, by simulated experiments."""

import math
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dsi.evaluation.estimates import Components, MeanSquares, checked_values, components, howe_estimate
from dsi.evaluation.significance import Question

# More than these are reported as out of reach.
MOST_SEEDS, MOST_QUERIES = 100, 1_000_000
# Simulated experiments behind one power: its standard error is .005 at most.
POWER_DRAWS = 8000
POWER = 0.8


class Needed(NamedTuple):
    """How many seeds with the queries there are, and queries with the seeds there are; None: out of reach."""

    seeds: int | None
    queries: int | None


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
    values = checked_values(differences)
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
    falling = range(most - 1, 1, -1)
    return most - bisect_left(falling, True, key=lambda count: reached(count) < POWER)
