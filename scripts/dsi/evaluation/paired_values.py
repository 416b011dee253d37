"""Values of one measure by system, seed and query, and pairs of systems with the same seeds and queries.

Frame
    values  one row per system, split and query: KEYS, qid, value. The measure is any that is higher when
            better and has one value a query.
"""

from collections.abc import Collection, Iterable

import pandas as pd

from dsi.evaluation.estimates import Array
from dsi.systems import System

KEYS = [*System._fields, "split"]


class PairingError(ValueError):
    """The values do not fit together; the message names the system and what is wrong."""


def per_query_values(systems: Iterable[tuple[System, pd.DataFrame]], measure: str) -> pd.DataFrame:
    """The frame `values` of one measure.

    Args:
        systems: each with the contents of its per-query parquet: qid, split, measure, value.

    Raises:
        PairingError: a system has no such measure.
    """
    frames = []
    for system, frame in systems:
        rows = frame.loc[frame["measure"] == measure, ["qid", "split", "value"]]
        if rows.empty:
            raise PairingError(f"the per-query values of {system.slug} lack {measure}; evaluate it again")
        frames.append(rows.assign(**system._asdict()))
    return pd.concat(frames, ignore_index=True)[[*KEYS, "qid", "value"]]


def without_seeds(values: pd.DataFrame, seeds: Collection[int]) -> pd.DataFrame:
    """The rows of other seeds, and of systems without any."""
    return values[~values["seed"].isin(list(seeds))]


def of_arm(rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Seeds × queries of an arm of one baseline; a system without seeds has the one row 0.

    Raises:
        PairingError: a query has two values in one seed.
    """
    chosen = rows[rows["arm"] == arm]
    keyed = chosen.assign(seed=chosen["seed"].fillna(0).astype(int))
    if keyed.duplicated(["seed", "qid"]).any():
        raise PairingError(f"{arm} has two values for a query of one seed; expected one")
    return keyed.pivot(index="seed", columns="qid", values="value")


def of_system(rows: pd.DataFrame, system: System) -> pd.DataFrame:
    """Seeds × queries of the systems that differ from this one by seed only; rows are of one baseline."""
    chosen = rows
    if system.rate is not None:
        chosen = rows[(rows["criterion"] == system.criterion) & (rows["rate"] == system.rate)]
    return of_arm(chosen, system.arm)


def paired(system: pd.DataFrame, control: pd.DataFrame, name: str, control_name: str) -> pd.DataFrame:
    """The system's values, seeds × queries, in the order of the control's.

    Args:
        control: as `of_arm`; the random ranking has no seeds and fits every one.
        name, control_name: for the message.

    Raises:
        PairingError: they do not have the same seeds and queries, or a value is missing.
    """
    axes = [("queries", system.columns, control.columns)]
    if control_name != "random":
        axes.append(("seeds", system.index, control.index))
    for what, found, expected in axes:
        odd = sorted(set(found) ^ set(expected))
        if odd or not len(found):
            raise PairingError(
                f"{name} and {control_name} do not have the same {what}: found {len(found)} and "
                f"{len(expected)}{f', {odd[0]} in one only' if odd else ''}; evaluate both again"
            )
    for frame, who in ((system, name), (control, control_name)):
        if frame.isna().any(axis=None):
            raise PairingError(f"{who} lacks the value of a query in some seed; evaluate it again")
    return system[control.columns]


def paired_baselines(rows: pd.DataFrame, baseline: str, other: str) -> tuple[Array, Array]:
    """The dense values of two baselines, each (seeds, queries), in the same order.

    Args:
        rows: of `per_query_values`, of one split.

    Raises:
        PairingError: they do not have the same seeds and queries.
    """
    ours, theirs = (
        of_arm(rows[rows["baseline"] == name], "dense").rename_axis(index=None) for name in (baseline, other)
    )
    return paired(ours, theirs, baseline, other).to_numpy(), theirs.to_numpy()
