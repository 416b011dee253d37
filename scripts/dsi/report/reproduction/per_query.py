"""The published study's measures of each query, system by system.

Frame
    values  one row per system, split, query and measure: System._fields, split, qid, measure, value.
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dsi.evaluation.estimates import Array
from dsi.evaluation.paired_values import of_arm, paired, per_query_values
from dsi.report.reproduction.frame import systems_of
from dsi.report.reproduction.published import PublishedRow
from dsi.report.results import read_per_query

# By the published value: the measure that differences are taken of.
MEASURES = {"MAP": "MAP-published", "R@1000": "R@1000-published"}


def published_values(metrics: Iterable[Path]) -> pd.DataFrame:
    """The frame `values` of metric JSONs of ranked-list models, read from beside them.

    Raises:
        PairingError: a system lacks a measure, as it was evaluated before there were such.
    """
    paths = list(metrics)
    return pd.concat(
        [
            per_query_values(read_per_query(paths, name), name).assign(measure=name)
            for name in MEASURES.values()
        ],
        ignore_index=True,
    )


def paired_rows(
    values: pd.DataFrame, row: PublishedRow, control: PublishedRow, measure: str
) -> tuple[Array, Array] | None:
    """Of a row and its control, the test values of the seeds that both have, (S, Q) each; None without any.

    Raises:
        PairingError: they do not have the same queries.
    """
    of_measure = values[values["measure"] == MEASURES[measure]]
    ours, theirs = (of_arm(systems_of(of_measure, one), one.arm) for one in (row, control))
    seeds = ours.index.intersection(theirs.index)
    if not len(seeds):
        return None
    names = (f"{row.arm} {row.label}", f"{control.arm} {control.label}")
    system = paired(ours.loc[seeds], theirs.loc[seeds], *names)
    return system.to_numpy(), theirs.loc[seeds].to_numpy()
