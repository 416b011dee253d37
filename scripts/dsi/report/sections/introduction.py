"""The introduction of tables.md: what was measured on what."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dsi.report.frames import SPLITS
from dsi.report.markdown import paragraph
from dsi.report.results import MetricReport, ReportError


class Configured(NamedTuple):
    """What the configuration says about a study.

    collection: its name. e1: epochs before pruning, by baseline; e2: epochs after it. agreement_k: K of
    BM25-MAP. configuration: the digest of all that it says.
    """

    collection: str
    e1: Mapping[str, int]
    e2: int
    agreement_k: int
    configuration: str


class Study(NamedTuple):
    """What the tables say about where their numbers come from.

    documents: how many there are; evaluated: queries by split, and by group of documents (test-seen);
    left_out: queries without a relevant document, over SPLITS.
    """

    configured: Configured
    documents: int
    evaluated: Mapping[str, int]
    left_out: int
    seeds: Sequence[int]


def describe_study(configured: Configured, documents: int, reports: Sequence[MetricReport]) -> Study:
    """What the configuration states, and what all metric JSONs must agree on.

    Raises:
        ReportError: systems were evaluated on different numbers of queries or with different
            parameters, so that they cannot stand in one table.
    """
    first = reports[0]
    for report in reports:
        for what, expected, found in (
            ("queries", _query_counts(first), _query_counts(report)),
            ("parameters", first.parameters, report.parameters),
        ):
            if found != expected:
                raise ReportError(
                    f"{report.system.slug} was evaluated with other {what} than "
                    f"{first.system.slug}: found {found}, expected {expected}; "
                    "evaluate both again"
                )
    return Study(
        configured=configured,
        documents=documents,
        evaluated={split: counts["evaluated"] for split, counts in first.queries.items()},
        left_out=sum(first.queries[s]["without_relevant"] for s in SPLITS if s in first.queries),
        seeds=sorted({report.system.seed for report in reports if report.system.seed is not None}),
    )


def introduction_section(study: Study) -> str:
    """The first lines: numbers of the collection and seeds, and how to read a value."""
    collection = study.configured.collection
    queries = " and ".join(f"{study.evaluated[s]:,} {s}" for s in SPLITS if s in study.evaluated)
    left_out = (
        f" {study.left_out:,} queries have no relevant document and are left out." if study.left_out else ""
    )
    seeds = ", ".join(map(str, study.seeds))
    each = f"The seed ({seeds})" if len(study.seeds) == 1 else f"Each seed ({seeds})"
    about = (
        f"Collection {collection}: {study.documents:,} documents; {queries} queries evaluated.{left_out} "
        f"The tables are about the test queries. {_spread_words(len(study.seeds))} "
        'What a difference proves, only the section "Verdict" says; what the words mean stands at the end '
        "(The words); every digit, and the validation queries, in `tables/*.csv`."
    )
    return f"""# {collection}: how far can the retriever be pruned?

{paragraph(about)}

{each} is one whole experiment: training, pruning at every rate, recovery.
"""


def footer_section(configuration: str) -> str:
    """The last lines: of which configuration the page is, and where the rest of its origin stands."""
    words = (
        f"Configuration `{configuration}`. Commit, command, machine and date, which change no number here: "
        "`timings.md`. All pages and figures in one file: `report.html`."
    )
    return f"---\n\n{paragraph(words)}\n"


def _query_counts(report: MetricReport) -> dict[str, dict[str, int]]:
    """Of each split, the counts that depend on the collection alone."""
    names = ("evaluated", "without_relevant")
    return {split: {name: counts[name] for name in names} for split, counts in report.queries.items()}


def _spread_words(seeds: int) -> str:
    if seeds < 2:
        return "With one seed there is no spread to show: a small difference may well be chance."
    return (
        f"A value `0.6012 ± 0.0034` is a mean over the {seeds} seeds and, behind ±, their standard deviation."
    )
