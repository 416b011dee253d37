"""How likely the pruned model is the better one, for a query and a seed drawn at random.

P(win) counts each query of each seed: 1 where the model is better than its control, 1/2 where both are
alike, 0 where it is worse (the probability of superiority; Vargha & Delaney 2000). It says nothing about
how much.
"""

from typing import NamedTuple

import numpy as np

from dsi.evaluation.estimates import VALUES, Array, crossed_estimate, query_estimate
from dsi.evaluation.significance import Question


class Wins(NamedTuple):
    """P(win) and the ends of its interval, each of the shape (…); ends are NaN where data cannot tell."""

    share: Array
    lower: Array
    upper: Array


def wins(gains: Array, confidence: float) -> dict[Question, Wins]:
    """P(win) by question: over queries for these seeds, and over both, by the crossed estimate.

    Args:
        gains: (…, S, Q), positive where the model is the better one.
        confidence: of the intervals.
    """
    won = (gains > 0) + 0.5 * (gains == 0)
    by_query = query_estimate(won)
    found = {Question.CHECKPOINTS: Wins(by_query.mean, *by_query.interval(confidence, VALUES))}
    if gains.shape[-2] > 1:
        crossed = crossed_estimate(won)
        return found | {Question.TRAINING: Wins(crossed.mean, *crossed.interval(confidence, VALUES))}
    unknown = np.full_like(by_query.mean, np.nan)
    return found | {Question.TRAINING: Wins(by_query.mean, unknown, unknown)}
