"""Histories of E1 by baseline and seed, as the claims read them."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from dsi.report.reproduction.tables import PublishedRow

Histories = Mapping[tuple[str, int], pd.DataFrame]
VALIDATION_LOSS, VALIDATION_MAP = "validation_loss", "validation_MAP-published"
TEST_LOSS, TEST_MAP, TEST_RECALL = "test_loss", "test_MAP-published", "test_R@1000-published"


def dense_rows(rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    return [row for row in rows if row.arm == "dense"]


def dense_histories(
    rows: Sequence[PublishedRow], histories: Histories
) -> Iterator[tuple[PublishedRow, int, pd.DataFrame]]:
    for row in dense_rows(rows):
        for baseline, seed in sorted(histories):
            if baseline == row.baseline:
                yield row, seed, histories[baseline, seed]


def by_epoch(history: pd.DataFrame, column: str) -> dict[int, float]:
    return dict(zip(history["epoch"].tolist(), history[column].tolist(), strict=True))


def paragraph(text: str) -> str:
    """Wrapped, so that the Markdown reads raw too."""
    return textwrap.fill(text, 105, break_long_words=False, break_on_hyphens=False)
