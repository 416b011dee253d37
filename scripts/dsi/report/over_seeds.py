"""Means over seeds, and how far each arm lies from its control.

Frames
    summary      one row per system, split and measure, seeds together: GROUP, measure, n, mean, sd.
    differences  the same against a control: GROUP, control, measure, n, mean, sd.
"""

import pandas as pd

from dsi.evaluation.measures import MEASURES
from dsi.report.frames import GROUP, KEY_TYPES
from dsi.systems import CONTROL_OF, PRUNED_ARMS, SMALL_ARMS


def summarise(metrics: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds: GROUP, measure, n, mean, sd.

    sd divides by n - 1 and is missing for n = 1. Measures that a system lacks have no row.
    """
    return _over_seeds(_long(metrics), GROUP)


def differences(metrics: pd.DataFrame) -> pd.DataFrame:
    """How far each arm lies from its control: GROUP, control, measure, n, mean, sd.

    The difference is taken within each seed; mean and sd are of these differences.
    """
    return _over_seeds(paired_differences(metrics), [*GROUP, "control"])


def paired_differences(metrics: pd.DataFrame) -> pd.DataFrame:
    """Arm minus its control (CONTROL_OF), seed by seed: GROUP, seed, measure, control, value."""
    long = _long(metrics)
    arms = long[long["arm"].isin(CONTROL_OF)].assign(control=lambda rows: rows["arm"].map(CONTROL_OF))
    controls = long.rename(columns={"arm": "control", "value": "control_value"})
    keys = ["baseline", "seed", "split", "measure", "control"]
    paired = arms.merge(controls[[*keys, "control_value"]], on=keys)
    paired["value"] -= paired.pop("control_value")
    return paired


def baselines_table(summary: pd.DataFrame) -> pd.DataFrame:
    """For CSV, all unpruned systems: baseline, arm, split, measure, n, mean, sd."""
    rows = summary[summary["rate"].isna()]
    return rows.drop(columns=["criterion", "rate"]).reset_index(drop=True)


def rates_table(summary: pd.DataFrame, difference: pd.DataFrame, sparsity: pd.DataFrame) -> pd.DataFrame:
    """For CSV, all systems of a rate: zeros, mean, sd, and the difference from the control.

    zeros_linears, zeros_effective and zeros_model are shares from 0 to 1, means over seeds; those of a small
    model are of the pruned one whose shape it has.
    """
    keys = ["baseline", "criterion", "rate"]
    zeros = (
        sparsity.groupby(keys)[["linears", "effective", "model"]].mean().add_prefix("zeros_").reset_index()
    )
    zeros = zeros.astype({name: KEY_TYPES[name] for name in keys})
    change = difference.rename(columns={"mean": "difference_mean", "sd": "difference_sd"})
    rows = summary[summary["arm"].isin((*PRUNED_ARMS, *SMALL_ARMS))].merge(zeros, on=keys, how="left")
    rows = rows.merge(change.drop(columns="n"), on=[*GROUP, "measure"], how="left")
    first = [*keys, "zeros_linears", "zeros_effective", "zeros_model", "arm"]
    return rows[[*first, *[name for name in rows.columns if name not in first]]]


def _long(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row per system, split and measure that has a value: GROUP, seed, measure, value."""
    long = metrics.melt(
        id_vars=[*GROUP, "seed"], value_vars=list(MEASURES), var_name="measure", value_name="value"
    )
    return long.dropna(subset=["value"]).reset_index(drop=True)


def _over_seeds(long: pd.DataFrame, group: list[str]) -> pd.DataFrame:
    grouped = long.groupby([*group, "measure"], dropna=False, sort=False)["value"]
    frame = grouped.agg(n="count", mean="mean", sd="std").reset_index()
    return frame.astype({name: KEY_TYPES[name] for name in group if name in KEY_TYPES})
