"""Measures of ranked lists: ir_measures against judgements, and agreement with BM25's lists.

Two kinds, never mixed: what a retriever is worth (MAP, MRR@10, nDCG@10, R@k against the qrels) and
how far it imitates BM25 (the measures of the study). Does not know models or files.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ir_measures
import pandas as pd

QRELS_MEASURES = ("MAP", "MRR@10", "nDCG@10", "R@10", "R@100", "R@1000")
AGREEMENT_MEASURES = ("BM25-MAP", "BM25-R@1000")
LOSS = "loss"
MEASURES = (*QRELS_MEASURES, *AGREEMENT_MEASURES, LOSS)
RECALL_DEPTH = 1000


class QueryCounts(NamedTuple):
    """What became of the queries of a split.

    evaluated: those with a relevant document, the denominator of every mean; without_relevant: left
    out of the means; missing_from_run: evaluated with 0 because the run has no document for them.
    """

    evaluated: int
    without_relevant: int
    missing_from_run: int


Judgements = dict[str, dict[str, int]]
Rankings = dict[str, dict[str, float]]


def qrels_measures(rankings: Rankings, judgements: Judgements, threshold: int) -> pd.DataFrame:
    """MAP, MRR@10, nDCG@10 and recalls of each query with a relevant document: qid, measure, value.

    A grade of `threshold` or more is relevant; nDCG uses the grades themselves. Queries without a
    relevant document are left out; those missing from the rankings get 0 (ir_measures does so).
    """
    judged = {qid: grades for qid, grades in judgements.items() if max(grades.values()) >= threshold}
    return _per_query(rankings, judged, {_measure(name, threshold): name for name in QRELS_MEASURES})


def agreement_measures(rankings: Rankings, bm25: pd.DataFrame, k: int) -> pd.DataFrame:
    """The study's measures by their definitions: qid, measure, value.

    BM25-MAP is the average precision with BM25's first `k` documents as the relevant ones, divided
    by their number; BM25-R@1000 the share of BM25's first 1000 found in the ranking's first 1000.
    Queries for which BM25 found nothing are left out.

    Args:
        bm25: qid, docid, rank of the queries to evaluate.
    """
    lists = bm25.assign(grade=1)
    first = as_judgements(lists[lists["rank"] <= k])
    deep = as_judgements(lists[lists["rank"] <= RECALL_DEPTH])
    average_precision = _per_query(rankings, first, {ir_measures.AP: "BM25-MAP"})
    recall = _per_query(rankings, deep, {ir_measures.R @ RECALL_DEPTH: "BM25-R@1000"})
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
    """How many of `qids` are evaluated, have no relevant document, or are missing from the run."""
    evaluated = [qid for qid in qids if max(judgements.get(qid, {}).values(), default=0) >= threshold]
    return QueryCounts(
        evaluated=len(evaluated),
        without_relevant=len(qids) - len(evaluated),
        missing_from_run=sum(qid not in rankings for qid in evaluated),
    )


def _measure(name: str, threshold: int) -> Any:
    """The ir_measures object of one of QRELS_MEASURES."""
    base, _, cutoff = name.partition("@")
    if base == "nDCG":
        return ir_measures.nDCG @ int(cutoff)
    if base == "MAP":
        return ir_measures.AP(rel=threshold)
    family = {"MRR": ir_measures.RR, "R": ir_measures.R}[base]
    return family(rel=threshold) @ int(cutoff)


def _per_query(rankings: Rankings, judgements: Judgements, names: Mapping[Any, str]) -> pd.DataFrame:
    values = [
        (metric.query_id, names[metric.measure], metric.value)
        for metric in ir_measures.iter_calc(list(names), judgements, rankings)
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
