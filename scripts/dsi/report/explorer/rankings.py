"""What the explorer shows of each system: its first documents for every test query, and how good they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.collection.relevance import relevant_documents
from dsi.evaluation.runs import ranked_docids, read_run
from dsi.report.results import MetricReport, ReportError, read_metrics
from dsi.systems import System

TOP = 10  # documents of a list; a query is found if a relevant one is among them
SPLIT = "test"
MEASURES = ("MAP", "nDCG@10")
# Whose rankings are shown: the reference, the controls, and what pruning and recovery made.
ARMS = ("bm25", "dense", "restart", "pruned", "recovered")


class Query(NamedTuple):
    """A test query, with the documents that are relevant to it."""

    qid: str
    text: str
    relevant: tuple[str, ...]


class Ranked(NamedTuple):
    """A system's answer to each of the queries, in their order.

    lists: the first TOP docids. first: rank of the first relevant document, 0 where none is ranked. values:
    by measure.
    """

    report: MetricReport
    lists: list[list[str]]
    first: list[int]
    values: Mapping[str, list[float]]

    @property
    def system(self) -> System:
        """Whose ranking it is."""
        return self.report.system


def read_queries(collection: Path, report: MetricReport) -> list[Query]:
    """The test queries that have a relevant document, ordered by qid.

    Args:
        collection: folder of queries.parquet and qrels.parquet.
        report: of any system; the lowest relevant grade is in its parameters.
    """
    queries, qrels = (read_frame(collection / f"{name}.parquet") for name in ("queries", "qrels"))
    queries = queries[queries["split"] == SPLIT]
    relevant = relevant_documents(qrels, queries, report.parameters["relevance"])
    texts = dict(zip(queries["qid"], queries["text"], strict=True))
    return [Query(qid, texts[qid], tuple(sorted(docids))) for qid, docids in sorted(relevant.items())]


def read_rankings(metrics: Sequence[Path], results: Path) -> tuple[list[Query], list[Ranked]]:
    """The queries, and the systems of ARMS in the order of ARMS, then by baseline, criterion, rate and seed.

    Args:
        metrics: metric JSONs, with the values per query beside them; those of other arms are passed over.
        results: the folder of the study, with collection/ and runs/<slug>.trec.gz.

    Raises:
        ReportError: there is no system of ARMS, or a query lacks a value.
    """
    reports = {path: read_metrics(path) for path in metrics}
    reports = {path: report for path, report in reports.items() if report.system.arm in ARMS}
    if not reports:
        raise ReportError(
            f"no metrics of {', '.join(ARMS)} among {len(metrics)} files; expected at least one"
        )
    queries = read_queries(results / "collection", next(iter(reports.values())))
    ranked = [read_ranked(path, report, queries, results) for path, report in reports.items()]
    return queries, sorted(ranked, key=lambda one: _place(one.system))


def read_ranked(path: Path, report: MetricReport, queries: Sequence[Query], results: Path) -> Ranked:
    """One system: its metric JSON, the values beside that, and its run.

    Raises:
        ReportError: a query lacks a value.
    """
    lists = ranked_docids(read_run(results / "runs" / f"{report.system.slug}.trec.gz"))
    found = [lists.get(query.qid, []) for query in queries]
    first = [_first_relevant(docids, query) for docids, query in zip(found, queries, strict=True)]
    frame = read_frame(path.with_suffix(".per_query.parquet"), filters=[("split", "==", SPLIT)])
    values = {}
    for measure in MEASURES:
        rows = frame[frame["measure"] == measure]
        by_query = dict(zip(rows["qid"], rows["value"], strict=True))
        absent = [query.qid for query in queries if query.qid not in by_query]
        if absent:
            raise ReportError(f"{report.system.slug}: no {measure} of query {absent[0]}; evaluate it again")
        values[measure] = [float(by_query[query.qid]) for query in queries]
    return Ranked(report, [docids[:TOP] for docids in found], first, values)


def _first_relevant(docids: Sequence[str], query: Query) -> int:
    ranks = (rank for rank, docid in enumerate(docids, start=1) if docid in query.relevant)
    return next(ranks, 0)


def _place(system: System) -> tuple[int, str, str, float, int]:
    return (
        ARMS.index(system.arm),
        system.baseline or "",
        system.criterion or "",
        system.rate or 0.0,
        system.seed or 0,
    )
