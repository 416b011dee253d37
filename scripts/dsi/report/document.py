"""tables.md and its CSV files, made of a study's results."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow.parquet as pq

from dsi.evaluation.group_losses import SEEN, UNSEEN
from dsi.evaluation.paired_values import per_query_values
from dsi.evaluation.verdicts import gates, verdicts
from dsi.report.completeness import check_complete
from dsi.report.flips import flips_rows
from dsi.report.frames import metrics_frame, sparsity_frame
from dsi.report.over_seeds import baselines_table, rates_table
from dsi.report.page_frames import Frames, page_frames
from dsi.report.results import read_metrics, read_per_query, read_sparsity
from dsi.report.sections.agreement import agreement_section
from dsi.report.sections.baselines import baselines_section
from dsi.report.sections.groups import groups_section
from dsi.report.sections.introduction import Configured, Study, describe_study, introduction_section
from dsi.report.sections.pruned import pruned_section
from dsi.report.sections.verdict import NOTHING_PRUNED, verdict_section
from dsi.report.sections.words import words_section
from dsi.report.summary import baseline_criteria, mean_zeros, spreads

MEASURE = "MAP"  # what verdicts are about


class StudyFiles(NamedTuple):
    """Files that the tables are made of.

    results: the study's folder, which the systems of sparsity files are named relative to; metrics,
    sparsity: JSON, one a system; documents: parquet.
    """

    results: Path
    metrics: Sequence[Path]
    sparsity: Sequence[Path]
    documents: Path


class Judging(NamedTuple):
    """How surely a verdict must hold: level of the intervals, and margin as a share of the dense MAP."""

    confidence: float
    margin: float


def study_tables(
    files: StudyFiles, configured: Configured, judging: Judging
) -> tuple[str, dict[str, pd.DataFrame]]:
    """The page, and by name the frames to write as CSV.

    Raises:
        ReportError, PairingError: the results lack something or do not fit together.
        SystemNameError: the folder of a sparsity.json names no system.
    """
    reports = [read_metrics(path) for path in sorted(files.metrics)]
    metrics = metrics_frame(reports)
    sparsity = sparsity_frame(read_sparsity(path, files.results) for path in files.sparsity)
    check_complete(metrics, sparsity)
    study = describe_study(configured, pq.read_metadata(files.documents).num_rows, reports)
    values = per_query_values(read_per_query(files.metrics, MEASURE), MEASURE)
    passed = gates(values, judging.confidence)
    judged = verdicts(values, passed, judging.margin, judging.confidence)
    verdict = NOTHING_PRUNED
    if (metrics["arm"] == "recovered").any():
        verdict = verdict_section(judged, passed, judging.margin, judging.confidence)
    frames = page_frames(files.metrics, metrics, sparsity, judging.confidence)
    tables = {
        "metrics": metrics,
        "sparsity": sparsity,
        "baselines": baselines_table(frames.summary),
        "rates": rates_table(frames.summary, frames.difference, sparsity),
        "references": frames.references,
        "groups": frames.groups,
        "flips": frames.flips,
        "verdicts": judged,
    }
    return page(study, frames, verdict, judging.confidence), tables


def page(study: Study, frames: Frames, verdict: str, confidence: float) -> str:
    """The whole of tables.md: what was measured, then each table under the question it answers, then words.

    Args:
        verdict: that section.
        confidence: of the intervals.
    """
    by_split = {
        split: spreads(frames.summary[frames.summary["split"] == split]) for split in ("test", SEEN, UNSEEN)
    }
    values = by_split["test"]
    changes = spreads(frames.difference[frames.difference["split"] == "test"])
    flips = flips_rows(frames.flips)
    parts = [
        introduction_section(study),
        baselines_section(study, values, frames.references, confidence),
        verdict,
        groups_section(study, by_split, frames.groups, confidence),
    ]
    for baseline, criterion in baseline_criteria(values):
        zeros = mean_zeros(frames.sparsity, baseline, criterion)
        parts.append(pruned_section(baseline, criterion, values, changes, zeros, flips))
    parts.append(agreement_section(study, values, changes, frames.sparsity))
    parts.append(words_section(study, {group.arm for group, _ in values}))
    return "\n".join(part for part in parts if part)
