"""The tidy frames behind every table.

Frames
    metrics   one row per system and split: COLUMNS.
    sparsity  one row per pruned model: KEY_TYPES, and the fields of Sparsity (dsi.report.results).
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from dsi.evaluation.measures import MEASURES
from dsi.report.results import MetricReport, ReportError, Sparsity
from dsi.systems import ARMS, System

COLUMNS = (*System._fields, "split", *MEASURES)
# What systems that differ by seed only have in common.
GROUP = ["baseline", "arm", "criterion", "rate", "split"]
SPLITS = ("test", "validation")
# What a pruned model is known by. Types are given, as those of columns without a value would be a guess:
# in a study that prunes nothing no system has a criterion and no row has a sparsity.
KEY_TYPES = {"baseline": "object", "seed": "Int64", "criterion": "object", "rate": "float64"}


def metrics_frame(reports: Iterable[MetricReport]) -> pd.DataFrame:
    """One row per system and split, in the order of ARMS; values that do not apply are missing.

    Raises:
        ReportError: a measure is not in a report, or a system comes twice.
    """
    rows = [_row(report, split) for report in reports for split in report.measures]
    types = {**KEY_TYPES, **dict.fromkeys(MEASURES, "float64")}
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)
    twice = frame[frame.duplicated([*GROUP, "seed"])]
    if len(twice):
        slug = first_system(twice).slug
        raise ReportError(f"two metric files are about {slug}; expected one a system")
    return _in_order(frame)


def sparsity_frame(records: Iterable[tuple[System, Sparsity]]) -> pd.DataFrame:
    """One row per pruned model: which one it is, and its shares of zeros."""
    keys = list(KEY_TYPES)
    rows = [{name: system._asdict()[name] for name in keys} | shares._asdict() for system, shares in records]
    types = {**KEY_TYPES, **dict.fromkeys(Sparsity._fields, "float64")}
    frame = pd.DataFrame(rows, columns=[*keys, *Sparsity._fields]).astype(types)
    return frame.sort_values(keys, ignore_index=True)


def first_system(rows: pd.DataFrame) -> System:
    """The system of the first row of a frame."""
    return System.of_columns({name: rows[name].iloc[0] for name in System._fields})


def _row(report: MetricReport, split: str) -> dict[str, Any]:
    values = report.measures[split]
    absent = [measure for measure in MEASURES if measure not in values]
    if absent:
        raise ReportError(
            f"the {split} metrics of {report.system.slug} lack {absent[0]}; expected {', '.join(MEASURES)}"
        )
    return {**report.system._asdict(), "split": split, **{name: values[name] for name in MEASURES}}


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Reference rankings first, then by baseline, seed, arm, criterion, rate and split."""
    order = {arm: position for position, arm in enumerate(ARMS)}
    keys = frame.assign(arm=frame["arm"].map(order))
    by = ["baseline", "seed", "arm", "criterion", "rate", "split"]
    index = keys.sort_values(by, na_position="first", kind="stable").index
    return frame.loc[index].reset_index(drop=True)
