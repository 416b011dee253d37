"""The published study's measures as this study measured them, as a tidy frame.

Frame
    reproduction  one row per system of the ranked-list task and split: COLUMNS.
"""

from collections.abc import Iterable

import pandas as pd

from dsi.evaluation.published_measures import STUDY_MEASURES
from dsi.report.frames import SPLITS
from dsi.report.markdown import Spread
from dsi.report.reproduction.published import PublishedRow
from dsi.report.results import MetricReport, ReportError
from dsi.systems import ARMS, System

KEYS = [*System._fields, "split"]
COLUMNS = (*KEYS, "k", "batch_size", *STUDY_MEASURES)


def reproduction_frame(reports: Iterable[MetricReport]) -> pd.DataFrame:
    """The frame `reproduction` of those metric JSONs that hold the published study's measures.

    Raises:
        ReportError: none of them does, one lacks a measure, or a system comes twice.
    """
    rows = []
    for report in reports:
        published = report.published or {}
        for split in SPLITS:
            if split in published:
                absent = [name for name in STUDY_MEASURES if name not in published[split]]
                if absent:
                    raise ReportError(
                        f"the study's {split} measures of {report.system.slug} lack {absent[0]}; "
                        "evaluate it again with scripts evaluate --lists"
                    )
                about = {"split": split, "k": published["k"], "batch_size": published["batch_size"]}
                rows.append({**report.system._asdict(), **about, **published[split]})
    if not rows:
        raise ReportError(
            "no metric file holds the study's measures; expected one of a ranked-list model, which "
            "scripts evaluate --lists writes under the key 'study'"
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"seed": "int64", "rate": "float64"})
    twice = frame[frame.duplicated(KEYS)]
    if len(twice):
        raise ReportError(f"two metric files are about {twice['baseline'].iloc[0]} and one seed and arm")
    frame["arm"] = pd.Categorical(frame["arm"], list(ARMS))
    frame = frame.sort_values(KEYS, ignore_index=True, na_position="first")
    return frame.astype({"arm": "str"})


def systems_of(frame: pd.DataFrame, row: PublishedRow, split: str = "test") -> pd.DataFrame:
    """The rows of the frame that repeat a published row: one a seed, or none if it was not run."""
    same = (frame["split"] == split) & (frame["baseline"] == row.baseline) & (frame["arm"] == row.arm)
    for column in ("criterion", "rate"):
        value = getattr(row, column)
        same &= frame[column].isna() if value is None else frame[column] == value
    return frame[same]


def spread_of(rows: pd.DataFrame, measure: str) -> Spread | None:
    """Mean and standard deviation over seeds of a measure; None without rows."""
    values = rows[measure]
    return Spread(float(values.mean()), float(values.std())) if len(values) else None
