"""Many tests that share a control, corrected together: over all criteria and all rates.

    checkpoints  The largest statistic of all tests under sign flips of whole queries, step down (Westfall &
                 Young 1993; Romano & Wolf 2005): a flip is the same for every test, so that what the
                 tests have in common, the control and much of the models, is taken into account.
    training     Holm over all tests: with 3 to 5 seeds their correlation over seeds cannot be estimated, and
                 Holm needs none.

Both keep the chance of any false alarm among all of them at the level. Simulated: docs/method/verdict.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dsi.evaluation.estimates import Array, as_floats
from dsi.evaluation.significance import RESAMPLES, Question, holm, sign_patterns


def over_all(differences: Sequence[Array], p_values: Sequence[Array], question: Question) -> list[Array]:
    """p-values of several families of tests against one control, corrected over all of them.

    Args:
        differences: of each family, (R, S, Q); the same queries in all.
        p_values: of each family, (R,), of one test; NaN for one that was not made.

    Returns:
        Of each family, (R,).
    """
    ends = np.cumsum([len(p) for p in p_values])[:-1]
    if question is Question.CHECKPOINTS:
        adjusted = step_down_max(np.concatenate([matrix.mean(axis=-2) for matrix in differences]))
    else:
        adjusted = holm(np.concatenate(p_values))
    return [as_floats(part) for part in np.split(adjusted, ends)]


def step_down_max(differences: ArrayLike, resamples: int = RESAMPLES) -> Array:
    """Adjusted two-sided p-values of T means, (T, Q) to (T,), by sign flips common to all T.

    The statistic |Σ d| / √Σ d² grows with Student's t of the query's differences, and its denominator
    does not change when signs flip. The test with the largest is compared with the largest of all T under
    each flip, the next with the largest of the others, …, and no adjusted value is below the one before.
    """
    values = np.asarray(differences, dtype=np.float64)
    tests, queries = values.shape
    sizes = np.sqrt((values**2).sum(axis=-1, keepdims=True))
    scaled = values / np.where(sizes > 0, sizes, 1)
    observed = np.abs(scaled.sum(axis=-1))
    order = np.argsort(-observed, kind="stable")
    ordered = scaled[order]
    # Equal sums in another order of addition differ in the last digits.
    least = observed[order] - 1e-12 * np.abs(ordered).sum(axis=-1)
    count, drawn = np.zeros(tests, dtype=np.int64), 0
    for signs in sign_patterns(queries, resamples):
        statistics = np.abs(signs @ ordered.T)  # (part, T)
        largest = np.maximum.accumulate(statistics[:, ::-1], axis=1)[:, ::-1]
        count += (largest >= least).sum(axis=0)
        drawn += len(signs)
    every = 2**queries <= resamples
    p = count / drawn if every else (1 + count) / (1 + drawn)
    adjusted = np.empty(tests)
    adjusted[order] = np.maximum.accumulate(p)
    return as_floats(adjusted)
