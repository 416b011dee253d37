"""The part of tables.md about the published study: its tables, its claims, and what training taught."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.collection.relevance import Relevance
from dsi.report.reproduction.claims import claims_section
from dsi.report.reproduction.frame import reproduction_frame
from dsi.report.reproduction.histories import read_history
from dsi.report.reproduction.lists import lists_section
from dsi.report.reproduction.per_query import published_values
from dsi.report.reproduction.published import PublishedRow
from dsi.report.reproduction.seen_targets import seen_sections
from dsi.report.reproduction.tables import published_section
from dsi.report.results import read_metrics


class ReproductionFiles(NamedTuple):
    """Files that the tables are made of.

    metrics: JSON, one a system; histories: of dense E1; outputs: generated lists of the systems to group
    by seen targets; collection: the folder of queries, qrels and topk.
    """

    metrics: Sequence[Path]
    histories: Sequence[Path]
    outputs: Sequence[Path]
    collection: Path


def reproduction_tables(
    files: ReproductionFiles, rows: Sequence[PublishedRow], relevance: Relevance, confidence: float
) -> tuple[str, pd.DataFrame]:
    """The Markdown, and the frame to write as CSV (dsi.report.reproduction.frame).

    Without published rows the measured values stand alone.

    Args:
        confidence: of the intervals of one claim together.

    Raises:
        ReportError: no system was measured as the published study measured, or a file is not what is
            expected.
        PairingError: the values per query lack the published measures, or do not fit together.
    """
    reports = {path: read_metrics(path) for path in files.metrics}
    frame = reproduction_frame(reports.values())
    histories = dict(read_history(path) for path in files.histories)
    if rows:
        values = published_values(path for path, report in reports.items() if report.published)
        claims = claims_section(rows, frame, values, histories, confidence)
        parts = [published_section(rows, frame), claims]
    else:
        parts = [lists_section(frame)]
    parts += seen_sections(files.outputs, files.collection, relevance, frame)
    return "\n".join(parts), frame
