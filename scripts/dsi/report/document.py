"""tables.md and its CSV files, made of a study's results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow.parquet as pq

from dsi.base.files import write_text
from dsi.evaluation.gates import gates
from dsi.evaluation.measures import LOSS
from dsi.evaluation.paired_values import per_query_values, without_seeds
from dsi.evaluation.query_groups import SEEN, UNSEEN
from dsi.evaluation.verdicts import COLUMNS, LOSS_SCALE, verdicts
from dsi.report.completeness import check_complete
from dsi.report.flips import flips_rows
from dsi.report.frames import metrics_frame, sparsity_frame
from dsi.report.latex import LatexTable, page_tables
from dsi.report.narrow import narrow_tables
from dsi.report.number_commands import with_commands
from dsi.report.over_seeds import baselines_table, rates_table
from dsi.report.page_frames import Frames, page_frames
from dsi.report.paper_tables import paper_tables
from dsi.report.results import read_metrics, read_per_query, read_sparsity
from dsi.report.sections.agreement import agreement_section
from dsi.report.sections.answer import answer_bullets, small_print
from dsi.report.sections.baselines import baselines_section
from dsi.report.sections.groups import groups_section
from dsi.report.sections.introduction import (
    Configured,
    Study,
    describe_study,
    footer_section,
    introduction_section,
)
from dsi.report.sections.pruned import pruned_section
from dsi.report.sections.verdict import NOTHING_PRUNED, verdict_section
from dsi.report.sections.words import words_section
from dsi.report.summary import baseline_criteria, mean_zeros, spreads
from dsi.report.web_page import web_page

MEASURE = "MAP"  # what verdicts are about
NO_ANSWER = "- Nothing can be said about pruning here: the section Verdict of tables.md says why."


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
    """How surely a verdict must hold: level of the intervals, and margin as a share of the dense MAP.

    looked_at: seeds that were seen before the others were trained; they are in no verdict.
    """

    confidence: float
    margin: float
    looked_at: Sequence[int] = ()


class Judged(NamedTuple):
    """Verdicts on MAP and on the test loss, their section of the page, and the answer in a few bullets."""

    of_map: pd.DataFrame
    of_loss: pd.DataFrame
    answer: str
    verdict: str


class StudyTables(NamedTuple):
    """What make_tables writes.

    page: Markdown; answer: the bullets on top of it, empty without verdicts; configuration: its digest;
    frames: by the name of their CSV; papers: tables for papers, those of the page among them.
    """

    page: str
    answer: str
    configuration: str
    frames: Mapping[str, pd.DataFrame]
    papers: Sequence[LatexTable]


def study_tables(files: StudyFiles, configured: Configured, judging: Judging) -> StudyTables:
    """All that make_tables writes.

    Raises:
        ReportError, PairingError: the results lack something or do not fit together.
        SystemNameError: the folder of a sparsity.json names no system.
    """
    reports = [read_metrics(path) for path in sorted(files.metrics)]
    metrics = metrics_frame(reports)
    sparsity = sparsity_frame(read_sparsity(path, files.results) for path in files.sparsity)
    check_complete(metrics, sparsity)
    study = describe_study(configured, pq.read_metadata(files.documents).num_rows, reports)
    judged = judge(files.metrics, judging, pruned=bool((metrics["arm"] == "recovered").any()))
    frames = page_frames(files.metrics, metrics, sparsity, judging.confidence)
    tables = {
        "metrics": with_commands(metrics, reports, files.results),
        "sparsity": sparsity,
        "baselines": baselines_table(frames.summary),
        "rates": rates_table(frames.summary, frames.difference, sparsity),
        "references": frames.references,
        "groups": frames.groups,
        "flips": frames.flips,
        "verdicts": judged.of_map,
        "verdicts-loss": judged.of_loss,
    }
    text = page(study, frames, judged, judging.confidence)
    values = spreads(frames.summary[frames.summary["split"] == "test"])
    by_measure = {MEASURE: judged.of_map, LOSS: judged.of_loss}
    papers = paper_tables(by_measure, frames.references, sparsity, values, judging.confidence)
    papers += page_tables(text, "tables")
    return StudyTables(text, judged.answer, configured.configuration, tables, papers)


def write_study_page(tables: StudyTables, added: str, path: Path) -> None:
    """Write the page narrow as Markdown and, beside it, whole for a browser; and answer.md, the answer alone.

    Args:
        added: Markdown that follows the tables; empty for none.
        path: of the Markdown.
    """
    page = "\n".join(part for part in (tables.page, added, footer_section(tables.configuration)) if part)
    write_text(narrow_tables(page), path)
    write_text(web_page(page), path.with_suffix(".html"))
    write_text(f"{tables.answer or NO_ANSWER}\n", path.with_name("answer.md"))


def judge(metrics: Sequence[Path], judging: Judging, pruned: bool) -> Judged:
    """The verdicts of a study, by the values per query beside its metric JSONs.

    Args:
        pruned: whether there is anything to judge.

    Raises:
        PairingError: the results do not fit together.
    """
    values = per_query_values(read_per_query(metrics, MEASURE), MEASURE)
    fresh = without_seeds(values, judging.looked_at)
    passed = gates(fresh, judging.confidence)
    of_map = verdicts(fresh, passed, judging.margin, judging.confidence)
    of_loss = pd.DataFrame(columns=list(COLUMNS))
    losses = [(system, frame) for system, frame in read_per_query(metrics, LOSS) if len(frame)]
    if len(of_map) and losses:
        of_model = without_seeds(per_query_values(losses, LOSS), judging.looked_at)
        of_loss = verdicts(of_model, passed, None, judging.confidence, scale=LOSS_SCALE)
    if not pruned:
        return Judged(of_map, of_loss, "", NOTHING_PRUNED)
    section = verdict_section(of_map, passed, judging.margin, judging.confidence, of_loss, judging.looked_at)
    bullets = answer_bullets(of_map, fresh, judging.margin, judging.confidence)
    return Judged(of_map, of_loss, bullets, section)


def page(study: Study, frames: Frames, judged: Judged, confidence: float) -> str:
    """The whole of tables.md: what was measured, then each table under the question it answers, then words.

    Args:
        judged: what `judge` returns.
        confidence: of the intervals.
    """
    by_split = {
        split: spreads(frames.summary[frames.summary["split"] == split]) for split in ("test", SEEN, UNSEEN)
    }
    values = by_split["test"]
    changes = spreads(frames.difference[frames.difference["split"] == "test"])
    flips = flips_rows(frames.flips)
    introduction = introduction_section(study)
    if judged.answer:  # right below the title, before all words about it
        answer = f"{judged.answer}\n\n{small_print(confidence)}\n"
        introduction = introduction.replace("\n\n", f"\n\n{answer}\n", 1)
    parts = [
        introduction,
        baselines_section(study, values, frames.references, confidence),
        judged.verdict,
        groups_section(study, by_split, frames.groups, confidence),
    ]
    for baseline, criterion in baseline_criteria(values):
        zeros = mean_zeros(frames.sparsity, baseline, criterion)
        parts.append(pruned_section(baseline, criterion, values, changes, zeros, flips))
    parts.append(agreement_section(study, values, changes, frames.sparsity))
    parts.append(words_section(study, {group.arm for group, _ in values}))
    return "\n".join(part for part in parts if part)
