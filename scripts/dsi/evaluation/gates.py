"""Whether the dense model finds anything that pruning could lose; the measure is one from 0 to 1."""

from typing import NamedTuple

import pandas as pd

from dsi.evaluation import estimates
from dsi.evaluation.estimates import Array, crossed_estimate, query_estimate
from dsi.evaluation.paired_values import of_arm, paired

LEAST_QUERIES = 2  # of one query's values nobody can say how queries differ


class Gate(NamedTuple):
    """Intervals (lower, upper) of the dense model's and a random ranking's mean; passed if they are apart."""

    dense: tuple[float, float]
    random: tuple[float, float]

    @property
    def passed(self) -> bool:
        """Whether the dense model finds documents at all, so that losing some could show."""
        return self.dense[0] > self.random[1]


def gate(dense: Array, random: Array, confidence: float) -> Gate:
    """The intervals that must be apart before anything can be concluded.

    Args:
        dense: shape (S, Q); with one seed its interval is over the queries only.
        random: shape (Q,), one random ranking a query.
    """
    estimate = crossed_estimate(dense) if len(dense) > 1 else query_estimate(dense)
    found = (each.interval(confidence, estimates.VALUES) for each in (estimate, query_estimate(random[None])))
    return Gate(*((float(lower), float(upper)) for lower, upper in found))


def gates(values: pd.DataFrame, confidence: float, split: str = "test") -> dict[str, Gate]:
    """The gate of every baseline; none with fewer than LEAST_QUERIES.

    Raises:
        PairingError: the random ranking or a dense model is missing, or lacks seeds or queries.
    """
    rows = values[values["split"] == split]
    if rows["qid"].nunique() < LEAST_QUERIES:
        return {}
    random = of_arm(rows, "random")
    return {
        str(baseline): gate(
            paired(of_arm(group, "dense"), random, f"dense of {baseline}", "random").to_numpy(),
            random.to_numpy()[0],
            confidence,
        )
        for baseline, group in rows.dropna(subset=["baseline"]).groupby("baseline")
    }
