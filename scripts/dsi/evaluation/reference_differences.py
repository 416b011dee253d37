"""How far the dense model lies from what needs no training of it: references, and the model before training.

Frame
    references  one row per baseline, reference and measure: the fields of ReferenceDifference.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation.estimates import DIFFERENCES, crossed_estimate, query_estimate
from dsi.evaluation.paired_values import of_arm, paired
from dsi.systems import INITIAL, REFERENCES

LEAST_QUERIES = 2  # of one query's values nobody can say how queries differ


class ReferenceDifference(NamedTuple):
    """The dense model after E1 minus a reference, in the unit of the measure.

    seeds: of the dense model; a reference without seeds is the same for all. lower, upper: for training in
    general, seeds and queries both samples; with one seed over the queries alone.
    """

    baseline: str
    reference: str
    measure: str
    seeds: int
    queries: int
    dense: float
    value: float
    difference: float
    lower: float
    upper: float


def reference_differences(
    values: Mapping[str, pd.DataFrame], confidence: float, split: str = "test"
) -> pd.DataFrame:
    """The frame `references`: dense E1 of every baseline against each reference there is.

    Args:
        values: by measure, as in dsi.evaluation.paired_values.
        confidence: of the intervals.

    Returns:
        The fields of ReferenceDifference; no rows with fewer than LEAST_QUERIES.

    Raises:
        PairingError: two systems do not have the same queries.
    """
    found: list[ReferenceDifference] = []
    for measure, frame in values.items():
        rows = frame[frame["split"] == split]
        if rows["qid"].nunique() < LEAST_QUERIES:
            continue
        for baseline, of_baseline in rows.dropna(subset=["baseline"]).groupby("baseline"):
            references = rows[rows["baseline"].isna()]
            found += _of_baseline(str(baseline), of_baseline, references, measure, confidence)
    return pd.DataFrame(found, columns=list(ReferenceDifference._fields))


def _of_baseline(
    baseline: str, rows: pd.DataFrame, references: pd.DataFrame, measure: str, confidence: float
) -> Iterator[ReferenceDifference]:
    dense = of_arm(rows, "dense").rename_axis(index=None)
    for arm in (*REFERENCES, INITIAL):
        other = of_arm(references if arm in REFERENCES else rows, arm)
        if other.empty:
            continue
        if arm in REFERENCES:  # one ranking for all seeds
            once = other.to_numpy()[:1]
            repeated = np.repeat(once, len(dense), axis=0)
            other = pd.DataFrame(repeated, index=dense.index, columns=other.columns)
        ours = paired(dense, other, f"dense of {baseline}", arm).to_numpy()
        differences = ours - other.to_numpy()
        estimate = crossed_estimate(differences) if len(ours) > 1 else query_estimate(differences)
        lower, upper = estimate.interval(confidence, DIFFERENCES)
        yield ReferenceDifference(
            baseline=baseline,
            reference=arm,
            measure=measure,
            seeds=differences.shape[0],
            queries=differences.shape[1],
            dense=float(ours.mean()),
            value=float(other.to_numpy().mean()),
            difference=float(estimate.mean),
            lower=float(lower),
            upper=float(upper),
        )
