"""From the metrics of every system to tidy frames and Markdown tables.

Pure functions on data frames. Does not know where files lie, Snakemake or Matplotlib, nor what a
difference proves (dsi.evaluation.verdicts).

Frames
    metrics      one row per system and split: COLUMNS.
    sparsity     one row per pruned model: baseline, seed, criterion, rate, linears, model.
    summary      one row per system, split and measure, seeds together: GROUP, measure, n, mean, sd.
    differences  the same against a control: GROUP, control, measure, n, mean, sd.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from dsi.evaluation.measures import MEASURES
from dsi.systems import ARMS, CONTROL_OF, PRUNED_ARMS, REFERENCES, System

COLUMNS = ("baseline", "seed", "arm", "criterion", "rate", "split", *MEASURES)
GROUP = ["baseline", "arm", "criterion", "rate", "split"]
SPLITS = ("test", "validation")


# What a pruned model is known by. Types are given, as those of columns without a value would be a guess:
# in a study that prunes nothing no system has a criterion and no row has a sparsity.
KEY_TYPES = {"baseline": "object", "seed": "Int64", "criterion": "object", "rate": "float64"}


class ReportError(ValueError):
    """The results do not fit together; the message names the system and what is wrong."""


def metrics_frame(reports: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per system and split, in the order of ARMS; values that do not apply are missing.

    Args:
        reports: contents of the metric JSONs: `system`, and `measures` by split.

    Raises:
        ReportError: a measure is not in a report, an arm is unknown, or a system comes twice.
    """
    rows = [_row(report, split) for report in reports for split in report["measures"]]
    types = {**KEY_TYPES, **dict.fromkeys(MEASURES, "float64")}
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)
    twice = frame.duplicated([*GROUP, "seed"])
    if twice.any():
        slug = _system(frame[twice].iloc[0]).slug
        raise ReportError(f"two metric files are about {slug}; expected one a system")
    return _in_order(frame)


def sparsity_frame(records: Iterable[tuple[System, Mapping[str, float]]]) -> pd.DataFrame:
    """One row per pruned model: whose it is, and its shares of zeros in Linears and in the model.

    Args:
        records: systems, each with the contents of its sparsity JSON.
    """
    keys, shares = list(KEY_TYPES), ["linears", "model"]
    rows = [
        {name: system._asdict()[name] for name in keys} | {name: values[name] for name in shares}
        for system, values in records
    ]
    types = {**KEY_TYPES, **dict.fromkeys(shares, "float64")}
    return pd.DataFrame(rows, columns=[*keys, *shares]).astype(types).sort_values(keys, ignore_index=True)


def check_complete(metrics: pd.DataFrame, sparsity: pd.DataFrame) -> None:
    """Refuse results in which a mean would silently be over fewer seeds than another.

    Raises:
        ReportError: names a system that one seed has and another lacks, a value that is missing,
            a control or reference ranking that was not evaluated, or a pruned model whose
            sparsity is unknown.
    """
    absent = [arm for arm in REFERENCES if arm not in set(metrics["arm"])]
    if absent:
        raise ReportError(f"the metrics of {absent[0]} are missing; every table shows them")
    for baseline, rows in metrics.dropna(subset=["baseline"]).groupby("baseline"):
        _check_seeds(rows)
        for arm, control in CONTROL_OF.items():
            if arm in set(rows["arm"]) and control not in set(rows["arm"]):
                slug = f"baselines/{baseline}/seed{rows['seed'].min()}/{control}"
                raise ReportError(
                    f"the metrics of {slug} are missing: {arm} systems of {baseline} are compared with it"
                )
    _check_values(metrics)
    keys = list(KEY_TYPES)
    pruned = metrics[metrics["arm"].isin(PRUNED_ARMS)]
    merged = pruned.merge(sparsity, how="left", on=keys)
    unknown = merged[merged["model"].isna()]
    if len(unknown):
        first = unknown.iloc[0]
        one_shot = ((pruned["arm"] == "pruned") & (pruned["criterion"] == first["criterion"])).any()
        slug = _system(first)._replace(arm="pruned" if one_shot else "recovered").slug
        raise ReportError(f"the sparsity.json of {slug} is missing")


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
    rows = summary[~summary["arm"].isin(PRUNED_ARMS)]
    return rows.drop(columns=["criterion", "rate"]).reset_index(drop=True)


def rates_table(summary: pd.DataFrame, difference: pd.DataFrame, sparsity: pd.DataFrame) -> pd.DataFrame:
    """For CSV, all pruned systems: zeros, mean, sd, and the difference from the control.

    zeros_linears and zeros_model are shares from 0 to 1, means over seeds.
    """
    keys = ["baseline", "criterion", "rate"]
    zeros = sparsity.groupby(keys)[["linears", "model"]].mean().add_prefix("zeros_").reset_index()
    zeros = zeros.astype({name: KEY_TYPES[name] for name in keys})
    change = difference.rename(columns={"mean": "difference_mean", "sd": "difference_sd"})
    rows = summary[summary["arm"].isin(PRUNED_ARMS)].merge(zeros, on=keys, how="left")
    rows = rows.merge(change.drop(columns="n"), on=[*GROUP, "measure"], how="left")
    first = [*keys, "zeros_linears", "zeros_model", "arm"]
    return rows[[*first, *[name for name in rows.columns if name not in first]]]


def _row(report: Mapping[str, Any], split: str) -> dict[str, Any]:
    system = System(**report["system"])
    if system.arm not in ARMS:
        raise ReportError(f"unknown arm {system.arm!r}; expected one of {', '.join(ARMS)}")
    values = report["measures"][split]
    absent = [measure for measure in MEASURES if measure not in values]
    if absent:
        raise ReportError(
            f"the {split} metrics of {system.slug} lack {absent[0]}; expected {', '.join(MEASURES)}"
        )
    return {**system._asdict(), "split": split, **{name: values[name] for name in MEASURES}}


def _system(row: "pd.Series[Any]") -> System:
    """The system of a row of a metrics frame."""
    return System._make(or_none(row[name]) for name in System._fields)


def or_none(value: Any) -> Any:
    """None for what pandas holds as missing."""
    return None if pd.isna(value) else value


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Reference rankings first, then by baseline, seed, arm, criterion, rate and split."""
    order = {arm: position for position, arm in enumerate(ARMS)}
    keys = frame.assign(arm=frame["arm"].map(order))
    by = ["baseline", "seed", "arm", "criterion", "rate", "split"]
    index = keys.sort_values(by, na_position="first", kind="stable").index
    return frame.loc[index].reset_index(drop=True)


def _check_seeds(rows: pd.DataFrame) -> None:
    """Of one baseline: every system must exist for every seed."""
    seeds = sorted({int(seed) for seed in rows["seed"]})
    for _, group in rows.groupby(GROUP, dropna=False):
        there = sorted({int(seed) for seed in group["seed"]})
        absent = sorted(set(seeds) - set(there))
        if absent:
            slug = _system(group.iloc[0])._replace(seed=absent[0]).slug
            raise ReportError(
                f"the metrics of {slug} are missing ({group['split'].iloc[0]} queries): "
                f"found seeds {there}, expected {seeds}"
            )


def _check_values(metrics: pd.DataFrame) -> None:
    """A measure is there for all seeds of a system, or for none."""
    for _, group in metrics.groupby(GROUP, dropna=False):
        for measure in MEASURES:
            absent = group[measure].isna()
            if absent.any() and not absent.all():
                row = group[absent].iloc[0]
                raise ReportError(
                    f"{measure} of {_system(row).slug} ({row['split']} queries) has no value, but "
                    "other seeds have one; evaluate that system again"
                )


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
