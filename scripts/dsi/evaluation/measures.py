"""Measures of ranked lists: the one table of them, and their values for each query.

Kinds, never mixed: what a retriever is worth (MAP, MRR@10, nDCG@10, R@k against the qrels, by
ir_measures), how far it imitates BM25 (the measures of the published study), and how far its lists are still
those of the dense model (RBO). A row of MEASURES is all
that another measure needs: columns of every table, words and labels of figures are made from it.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import ir_measures
import pandas as pd

RECALL_DEPTH = 1000


class Measure(NamedTuple):
    """One row of the table of measures.

    Attributes:
        name: as tables and metric files call it.
        definition: what ir_measures.parse_measure reads, `{rel}` being the lowest relevant grade; None
            where the model itself states the value.
        meaning: what it says, in words.
        kind: what a ranking is compared with: the judgements, BM25's lists or those of the dense model;
            `model` without a ranking.
        better: which values are better; of agreement, which are more alike.
        span: the possible values, in words. unit: of an axis in figures.

    Measures of one meaning differ by their cut-off alone; tables explain them together, as R@k.
    """

    name: str
    definition: str | None
    meaning: str
    kind: Literal["qrels", "agreement", "dense", "model"] = "qrels"
    better: Literal["higher", "lower"] = "higher"
    span: str = "0 to 1"
    unit: str = "0–1"

    @property
    def axis(self) -> str:
        """`(0–1, higher is better)`, to stand behind its name at an axis."""
        return f"({self.unit}, {self.better} is better)"


_RECALL = "share of the relevant documents in the first k"
_TABLE = (
    Measure("MAP", "AP(rel={rel})", "average precision: how near the top the relevant documents are"),
    Measure("MRR@10", "RR(rel={rel})@10", "1 / rank of the first relevant document, 0 beyond rank 10"),
    # Of the grades themselves: no grade is the lowest relevant one.
    Measure("nDCG@10", "nDCG@10", "relevance found in the first 10, less the lower it stands"),
    Measure("R@10", "R(rel={rel})@10", _RECALL),
    Measure("R@100", "R(rel={rel})@100", _RECALL),
    Measure("R@1000", "R(rel={rel})@1000", _RECALL),
    # {k} is how many documents of BM25 count as relevant.
    Measure(
        "BM25-MAP",
        "AP",
        "average precision with BM25's first {k} documents as the relevant ones",
        kind="agreement",
    ),
    Measure(
        "BM25-R@1000",
        "R@1000",
        "share of BM25's first 1000 documents that are among the model's first 1000",
        kind="agreement",
    ),
    Measure(
        "RBO",
        None,
        "rank-biased overlap (p 0.9, extrapolated) with the list of the dense model of the same seed",
        kind="dense",
    ),
    Measure(
        "loss",
        None,
        "cross-entropy of the right output, in nats",
        kind="model",
        better="lower",
        span="from 0 upwards",
        unit="nats",
    ),
)
# By name, in the order of every table.
MEASURES = {measure.name: measure for measure in _TABLE}
QRELS_MEASURES = tuple(name for name, measure in MEASURES.items() if measure.kind == "qrels")
AGREEMENT_MEASURES = tuple(name for name, measure in MEASURES.items() if measure.kind == "agreement")
LOSS = "loss"
RBO = "RBO"


class QueryCounts(NamedTuple):
    """What became of the queries of a split.

    evaluated: those with a relevant document, the denominator of every mean; without_relevant: left
    out of the means; missing_from_run: evaluated with 0 because the run has no document for them;
    relevant: judgements that say relevant, each query's documents counted for itself.
    """

    evaluated: int
    without_relevant: int
    missing_from_run: int
    relevant: int


Judgements = dict[str, dict[str, int]]
Rankings = dict[str, dict[str, float]]


def qrels_measures(rankings: Rankings, judgements: Judgements, threshold: int) -> pd.DataFrame:
    """QRELS_MEASURES of each query with a relevant document: qid, measure, value.

    A grade of `threshold` or more is relevant; nDCG uses the grades themselves. Queries without a
    relevant document are left out; those missing from the rankings get 0 (ir_measures does so).
    """
    judged = {qid: grades for qid, grades in judgements.items() if max(grades.values()) >= threshold}
    return _per_query(rankings, judged, QRELS_MEASURES, threshold)


def agreement_measures(rankings: Rankings, bm25: pd.DataFrame, k: int) -> pd.DataFrame:
    """AGREEMENT_MEASURES of each query, by their definitions: qid, measure, value.

    BM25-MAP is the average precision with BM25's first `k` documents as the relevant ones, divided
    by their number; BM25-R@1000 the share of BM25's first 1000 found in the ranking's first 1000.
    Queries for which BM25 found nothing are left out.

    Args:
        bm25: qid, docid, rank of the queries to evaluate.
    """
    lists = bm25.assign(grade=1)
    first = as_judgements(lists[lists["rank"] <= k])
    deep = as_judgements(lists[lists["rank"] <= RECALL_DEPTH])
    average_precision = _per_query(rankings, first, ["BM25-MAP"])
    recall = _per_query(rankings, deep, ["BM25-R@1000"])
    return pd.concat([average_precision, recall], ignore_index=True)


def as_judgements(qrels: pd.DataFrame) -> Judgements:
    """qid → docid → grade, from a frame qid, docid, grade."""
    return _by_query(qrels, "grade")


def as_rankings(run: pd.DataFrame) -> Rankings:
    """qid → docid → minus its rank, from a frame qid, docid, rank.

    Ranks and not scores, so that there are no ties to break: ir_measures breaks them otherwise for
    measures that it computes itself (RR@10) than for those of trec_eval.
    """
    return _by_query(run.assign(value=-run["rank"].astype(float)), "value")


def query_counts(
    rankings: Rankings, judgements: Judgements, qids: Sequence[str], threshold: int
) -> QueryCounts:
    """How many of `qids` are evaluated, have no relevant document, or are missing; and what is relevant."""
    relevant = {qid: sum(grade >= threshold for grade in judgements.get(qid, {}).values()) for qid in qids}
    evaluated = [qid for qid in qids if relevant[qid]]
    return QueryCounts(
        evaluated=len(evaluated),
        without_relevant=len(qids) - len(evaluated),
        missing_from_run=sum(qid not in rankings for qid in evaluated),
        relevant=sum(relevant.values()),
    )


def _per_query(
    rankings: Rankings, judgements: Judgements, names: Sequence[str], threshold: int = 1
) -> pd.DataFrame:
    definitions = {name: MEASURES[name].definition for name in names}
    name_of = {
        ir_measures.parse_measure(definition.format(rel=threshold)): name
        for name, definition in definitions.items()
        if definition is not None
    }
    values = [
        (metric.query_id, name_of[metric.measure], metric.value)
        for metric in ir_measures.iter_calc(list(name_of), judgements, rankings)
    ]
    frame = pd.DataFrame(values, columns=["qid", "measure", "value"])
    return frame.sort_values(["qid", "measure"], ignore_index=True)


def _by_query(frame: pd.DataFrame, column: str) -> dict[str, dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    # Through object arrays: iterating Arrow strings one by one is ten times slower.
    qids, docids = (frame[name].to_numpy(dtype=object) for name in ("qid", "docid"))
    for qid, docid, value in zip(qids, docids, frame[column].tolist(), strict=True):
        values.setdefault(qid, {})[docid] = value
    return values
