"""What pruning costs two groups of queries: relative changes from the control, and whether they differ.

A query's relevant documents are *seen* if they were relevant to a training query, *unseen* otherwise
(dsi.evaluation.run_measures). Of a group of queries the change is r - 1, with

    r = mean of the model / mean of the control,    both over the seeds and the group's queries,

and the groups are compared by r(unseen) - r(seen), a difference of ratios. Its error is that of a mean,
by linearisation (the delta method; Särndal, Swensson & Wretman 1992, section 5.5): with U and S the groups,
|U| and |S| their numbers of queries, Q = |U ∪ S|, and m the control's mean over a group,

    z(s, q) = r(U) - r(S) + Q · [ 1_U(q) · (x(s, q) - r(U) · c(s, q)) / (|U| m(U))
                                - 1_S(q) · (x(s, q) - r(S) · c(s, q)) / (|S| m(S)) ]

has the mean r(U) - r(S) over seeds and queries, and its error to first order. A query with documents of both
kinds is in both groups. x is the model, c its control, both (seeds, queries).

Frame
    groups  one row per system that has a control, and measure: the fields of GroupLoss.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation.estimates import Array, crossed_estimate, query_estimate
from dsi.evaluation.paired_values import of_arm, of_system, paired
from dsi.evaluation.query_groups import SEEN, UNSEEN
from dsi.systems import CONTROL_OF, SMALL_ARMS, System

# What each system's change is taken from.
CONTROLS = {**CONTROL_OF, **dict.fromkeys(SMALL_ARMS, "restart")}
LEAST_QUERIES = 2  # of a group, to have an interval


class GroupOfQueries(NamedTuple):
    """Values of a model and of its control, seeds × the queries of one group."""

    model: pd.DataFrame
    control: pd.DataFrame

    @property
    def ratio(self) -> float:
        """Mean of the model / mean of the control; NaN where the control finds nothing."""
        control = float(self.control.to_numpy().mean())
        return float(self.model.to_numpy().mean()) / control if control else float("nan")


class GroupLoss(NamedTuple):
    """A row of the frame `groups`: one system, measure and control.

    queries_*: of the group. mean_*, control_*: of the system and of its control, in the unit of the measure;
    change_*: r - 1. difference: change of the unseen minus that of the seen; lower, upper: its interval, for
    training in general where there are several seeds, over the queries alone with one; NaN where a group
    has fewer than LEAST_QUERIES or a control finds nothing.
    """

    baseline: str
    arm: str
    criterion: str | None
    rate: float | None
    measure: str
    control: str
    seeds: int
    queries_seen: int
    queries_unseen: int
    mean_seen: float
    mean_unseen: float
    control_seen: float
    control_unseen: float
    change_seen: float
    change_unseen: float
    difference: float
    lower: float
    upper: float


def group_losses(values: Mapping[str, pd.DataFrame], confidence: float) -> pd.DataFrame:
    """The frame `groups`: every system that has a control, by every measure given.

    Args:
        values: by measure, as in dsi.evaluation.paired_values.
        confidence: of the intervals.

    Returns:
        The fields of GroupLoss; no rows where the queries are not in groups.

    Raises:
        PairingError: a system and its control do not have the same seeds and queries.
    """
    rows: list[GroupLoss] = []
    for measure, frame in values.items():
        grouped = frame[frame["split"].isin((SEEN, UNSEEN)) & frame["baseline"].notna()]
        if set(grouped["split"]) == {SEEN, UNSEEN}:
            for _, of_baseline in grouped.groupby("baseline"):
                rows += _of_baseline(of_baseline, measure, confidence)
    return pd.DataFrame(rows, columns=list(GroupLoss._fields)).astype({"rate": "float64"})


def difference_of_ratios(
    seen: GroupOfQueries, unseen: GroupOfQueries, confidence: float
) -> tuple[float, float]:
    """The interval of r(unseen) - r(seen); (NaN, NaN) where there is none."""
    if min(seen.model.shape[1], unseen.model.shape[1]) < LEAST_QUERIES or not (
        seen.ratio + unseen.ratio >= 0
    ):
        return float("nan"), float("nan")
    values = linearised(seen, unseen)
    estimate = crossed_estimate(values) if len(values) > 1 else query_estimate(values)
    lower, upper = estimate.interval(confidence)
    return float(lower), float(upper)


def linearised(seen: GroupOfQueries, unseen: GroupOfQueries) -> Array:
    """z of this module: (seeds, Q), with the mean r(unseen) - r(seen)."""
    queries = seen.model.columns.union(unseen.model.columns)
    sums = [
        (group.model - group.ratio * group.control).reindex(columns=queries, fill_value=0.0).to_numpy()
        / group.control.to_numpy().mean()
        / group.model.shape[1]
        for group in (unseen, seen)
    ]
    return np.asarray(unseen.ratio - seen.ratio + len(queries) * (sums[0] - sums[1]), dtype=np.float64)


def controlled_systems(rows: pd.DataFrame) -> list[System]:
    """Of the rows of one baseline the systems that have a control, each without its seed."""
    names = ["baseline", "arm", "criterion", "rate"]
    once = rows.loc[rows["arm"].isin(CONTROLS), names].drop_duplicates().sort_values(names[1:])
    return [System.of_columns({**row, "seed": None}) for row in once.to_dict("records")]


def _of_baseline(rows: pd.DataFrame, measure: str, confidence: float) -> Iterator[GroupLoss]:
    for system in controlled_systems(rows):
        control = CONTROLS[system.arm]
        if not (rows["arm"] == control).any():
            continue
        seen, unseen = (
            _group(rows[rows["split"] == split], system, control, split) for split in (SEEN, UNSEEN)
        )
        lower, upper = difference_of_ratios(seen, unseen, confidence)
        yield GroupLoss(
            baseline=str(system.baseline),
            arm=system.arm,
            criterion=system.criterion,
            rate=system.rate,
            measure=measure,
            control=control,
            seeds=len(seen.model),
            queries_seen=seen.model.shape[1],
            queries_unseen=unseen.model.shape[1],
            mean_seen=float(seen.model.to_numpy().mean()),
            mean_unseen=float(unseen.model.to_numpy().mean()),
            control_seen=float(seen.control.to_numpy().mean()),
            control_unseen=float(unseen.control.to_numpy().mean()),
            change_seen=seen.ratio - 1,
            change_unseen=unseen.ratio - 1,
            difference=unseen.ratio - seen.ratio,
            lower=lower,
            upper=upper,
        )


def _group(rows: pd.DataFrame, system: System, control: str, split: str) -> GroupOfQueries:
    """A system and its control on the queries of a split.

    Raises:
        PairingError: they do not have the same seeds and queries.
    """
    reference = of_arm(rows, control)
    name = f"{system.words} of {system.baseline} ({split})"
    return GroupOfQueries(paired(of_system(rows, system), reference, name, control), reference)
