"""The introduction of tables.md: what was measured on what, and the words that the tables use."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dsi.evaluation.measures import LOSS, MEASURES, QRELS_MEASURES, Measure
from dsi.report.frames import SPLITS
from dsi.report.markdown import pipe_table
from dsi.report.results import MetricReport, ReportError
from dsi.systems import ARMS


class Configured(NamedTuple):
    """What the configuration says about a study.

    collection: its name. e1: epochs before pruning, by baseline; e2: epochs after it. agreement_k: K of
    BM25-MAP.
    """

    collection: str
    e1: Mapping[str, int]
    e2: int
    agreement_k: int


class Study(NamedTuple):
    """What the tables say about where their numbers come from.

    documents: how many there are; evaluated: queries by split; left_out: queries without a relevant
    document, over all splits.
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
    """The first section: numbers of the collection, seeds, systems and measures in words."""
    collection, e1_epochs, e2, _ = study.configured
    e1 = ", ".join(f"{name} {epochs}" for name, epochs in e1_epochs.items())
    queries = " and ".join(f"{study.evaluated[s]:,} {s}" for s in SPLITS if s in study.evaluated)
    seeds = ", ".join(map(str, study.seeds))
    left_out = (
        f"\n{study.left_out:,} queries have no relevant document and are left out." if study.left_out else ""
    )
    return f"""# {collection}: how far can the retriever be pruned?

Collection {collection}: {study.documents:,} documents; {queries} queries evaluated.{left_out}
All tables here are about the test queries; `tables/*.csv` hold the validation queries too, and
every digit.

Each seed ({seeds}) is one whole experiment: training, pruning at every rate, recovery.
{_spread_words(len(study.seeds))}
What a difference proves, only the section "Verdict" says.

## The words

A retriever answers a query with a ranked list of documents. Training has two parts: E1, the epochs
before pruning ({e1}), and E2, the epochs after it ({e2}).

{pipe_table(["system", "what it is"], [(arm.name, arm.meaning) for arm in ARMS.values()], "left")}

{pipe_table(["measure", "what it says"], measure_words(), "left")}

Measures are averaged over the queries.
"""


def measure_words() -> list[tuple[str, str]]:
    """Name and words of each measure; those that differ by their cut-off alone share a row: R@k."""
    by_meaning: dict[str, list[Measure]] = {}
    for name in (*QRELS_MEASURES, LOSS):
        by_meaning.setdefault(MEASURES[name].meaning, []).append(MEASURES[name])
    rows = []
    for meaning, same in by_meaning.items():
        name, words = same[0].name, meaning
        if len(same) > 1:
            cut_offs = ", ".join(measure.name.partition("@")[2] for measure in same)
            name, words = f"{name.partition('@')[0]}@k", f"{meaning} ({cut_offs})"
        rows.append((name, f"{words}; {same[0].span}, {same[0].better} is better"))
    return rows


def _query_counts(report: MetricReport) -> dict[str, dict[str, int]]:
    """Of each split, the counts that depend on the collection alone."""
    names = ("evaluated", "without_relevant")
    return {split: {name: counts[name] for name in names} for split, counts in report.queries.items()}


def _spread_words(seeds: int) -> str:
    if seeds < 2:
        return "With one seed there is no spread to show: a small difference may well be chance."
    return (
        f"A value `0.6012 ± 0.0034` is a mean over the {seeds} seeds and, behind ±, their standard\n"
        f"deviation (n = {seeds}). A difference is taken within each seed, then averaged; its ± is\n"
        "the standard deviation of these differences."
    )
