"""The introduction of tables.md: what was measured on what, and the words that the tables use."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dsi.report.frames import SPLITS, ReportError
from dsi.report.markdown import pipe_table
from dsi.systems import ARMS, System


class Study(NamedTuple):
    """What the tables say about where their numbers come from.

    e1: epochs before pruning, by baseline; e2: epochs after it. evaluated: queries by split;
    left_out: queries without a relevant document, over all splits. agreement_k: K of BM25-MAP.
    """

    collection: str
    documents: int
    e1: Mapping[str, int]
    e2: int
    evaluated: Mapping[str, int]
    left_out: int
    seeds: Sequence[int]
    agreement_k: int


def describe_study(facts: Mapping[str, Any], documents: int, reports: Sequence[Mapping[str, Any]]) -> Study:
    """What the configuration states, and what all metric JSONs must agree on.

    Args:
        facts: collection, e1, e2, agreement_k.

    Raises:
        ReportError: systems were evaluated on different numbers of queries or with different
            parameters, so that they cannot stand in one table.
    """
    first = reports[0]
    for report in reports:
        for what, expected, found in (
            ("queries", _query_counts(first), _query_counts(report)),
            ("parameters", first["parameters"], report["parameters"]),
        ):
            if found != expected:
                raise ReportError(
                    f"{System(**report['system']).slug} was evaluated with other {what} than "
                    f"{System(**first['system']).slug}: found {found}, expected {expected}; "
                    "evaluate both again"
                )
    return Study(
        collection=facts["collection"],
        documents=documents,
        e1=facts["e1"],
        e2=facts["e2"],
        evaluated={split: counts["evaluated"] for split, counts in first["queries"].items()},
        left_out=sum(counts["without_relevant"] for counts in first["queries"].values()),
        seeds=sorted({report["system"]["seed"] for report in reports} - {None}),
        agreement_k=facts["agreement_k"],
    )


def _query_counts(report: Mapping[str, Any]) -> dict[str, Any]:
    """Of each split, the counts that depend on the collection alone."""
    names = ("evaluated", "without_relevant")
    return {split: {name: counts[name] for name in names} for split, counts in report["queries"].items()}


def introduction_section(study: Study) -> str:
    e1 = ", ".join(f"{name} {epochs}" for name, epochs in study.e1.items())
    queries = " and ".join(f"{study.evaluated[s]:,} {s}" for s in SPLITS if s in study.evaluated)
    left_out = (
        f"\n{study.left_out:,} queries have no relevant document and are left out." if study.left_out else ""
    )
    n, seeds = len(study.seeds), ", ".join(map(str, study.seeds))
    spread = (
        f"A value `0.6012 ± 0.0034` is a mean over the {n} seeds and, behind ±, their standard\n"
        f"deviation (n = {n}). A difference is taken within each seed, then averaged; its ± is\n"
        "the standard deviation of these differences."
        if n > 1
        else "With one seed there is no spread to show: a small difference may well be chance."
    )
    return f"""# {study.collection}: how far can the retriever be pruned?

Collection {study.collection}: {study.documents:,} documents; {queries} queries evaluated.{left_out}
All tables here are about the test queries; `tables/*.csv` hold the validation queries too, and
every digit.

Each seed ({seeds}) is one whole experiment: training, pruning at every rate, recovery.
{spread}
What a difference proves, only the section "Verdict" says.

## The words

A retriever answers a query with a ranked list of documents. Training has two parts: E1, the epochs
before pruning ({e1}), and E2, the epochs after it ({study.e2}).

{pipe_table(["system", "what it is"], SYSTEM_WORDS, "left")}

{pipe_table(["measure", "what it says"], MEASURE_WORDS, "left")}

Measures are averaged over the queries.
"""


SYSTEM_WORDS = tuple((arm.name, arm.meaning) for arm in ARMS.values())


MEASURE_WORDS = (
    (
        "MAP",
        "average precision: how near the top the relevant documents are; 0 to 1, higher is better",
    ),
    (
        "MRR@10",
        "1 / rank of the first relevant document, 0 beyond rank 10; 0 to 1, higher is better",
    ),
    (
        "nDCG@10",
        "relevance found in the first 10, less the lower it stands; 0 to 1, higher is better",
    ),
    (
        "R@k",
        "share of the relevant documents in the first k (10, 100, 1000); 0 to 1, higher is better",
    ),
    ("loss", "cross-entropy of the right output, in nats; from 0 upwards, lower is better"),
)
