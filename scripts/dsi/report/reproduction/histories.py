"""Histories of E1 by baseline and seed, as the claims read them.

One row per epoch: epoch, validation_loss, validation_MAP-published; for the second claim also test_loss,
test_MAP-published, test_R@1000-published.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.report.reproduction.published import PublishedRow
from dsi.report.results import ReportError, system_at_end
from dsi.systems import SystemNameError

Histories = Mapping[tuple[str, int], pd.DataFrame]
VALIDATION_LOSS, VALIDATION_MAP = "validation_loss", "validation_MAP-published"
TEST_LOSS, TEST_MAP, TEST_RECALL = "test_loss", "test_MAP-published", "test_R@1000-published"


def dense_rows(rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    """The rows of models that are not pruned."""
    return [row for row in rows if row.arm == "dense"]


def dense_histories(
    rows: Sequence[PublishedRow], histories: Histories
) -> Iterator[tuple[PublishedRow, int, pd.DataFrame]]:
    """Every dense row with each seed that was trained, and its history."""
    for row in dense_rows(rows):
        for baseline, seed in sorted(histories):
            if baseline == row.baseline:
                yield row, seed, histories[baseline, seed]


def by_epoch(history: pd.DataFrame, column: str) -> dict[int, float]:
    """A measure by epoch."""
    return dict(zip(history["epoch"].tolist(), history[column].tolist(), strict=True))


def read_history(path: Path) -> tuple[tuple[str, int], pd.DataFrame]:
    """(baseline, seed) that the path names, and the history of its E1.

    Raises:
        ReportError: the path names no dense model, or it is not of the ranked-list task.
    """
    try:
        system = system_at_end(path.parent)
    except SystemNameError:
        system = None
    if system is None or system.arm != "dense" or system.baseline is None or system.seed is None:
        raise ReportError(
            f"--histories: found {path}, expected …/baselines/<baseline>/seed<n>/dense/history.parquet"
        )
    history = read_frame(path)
    absent = [name for name in ("epoch", VALIDATION_LOSS, VALIDATION_MAP) if name not in history]
    if absent:
        raise ReportError(f"{path}: no column {absent[0]!r}; expected the history of a ranked-list model")
    return (system.baseline, system.seed), history
