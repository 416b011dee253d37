"""All measures of one run: for each query, and their means by split.

Where training queries are judged, the test queries are also measured by whether their relevant documents
are relevant to a training query, seen, or are not: memory of answers apart from memory of documents. In each
group the relevant documents of the other are taken out of qrels and ranking, so that they push nothing down.
"""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.evaluation.measures import (
    LOSS,
    MEASURES,
    RBO,
    Judgements,
    QueryCounts,
    Rankings,
    agreement_measures,
    as_judgements,
    as_rankings,
    qrels_measures,
    query_counts,
)
from dsi.evaluation.published_measures import PER_QUERY, query_measures, study_means
from dsi.evaluation.query_groups import GROUPED, SEEN, UNSEEN
from dsi.evaluation.rank_overlap import overlaps
from dsi.evaluation.runs import ranked_docids

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

# Of a collection's folder: what measures are computed from.
REFERENCE_FILES = ("queries", "qrels", "topk")


class Reference(NamedTuple):
    """What a run is measured against: judgements, and BM25's lists.

    split_of: the split of every query that is evaluated, in their order; qrels: qid, docid, grade;
    topk: qid, docid, rank of BM25. Both are of these queries only. seen: documents that are relevant to a
    training query; none where no training query is judged.
    """

    split_of: dict[str, str]
    qrels: pd.DataFrame
    topk: pd.DataFrame
    seen: frozenset[str] = frozenset()


class RunMeasures(NamedTuple):
    """per_query: qid, split, measure, value. measures: means by split, None where no query has a value.

    Splits are those that were asked for and, where there are seen documents, SEEN and UNSEEN, which have the
    measures against the qrels alone.
    """

    per_query: pd.DataFrame
    measures: dict[str, dict[str, float | None]]
    queries: dict[str, QueryCounts]


class PublishedMeasures(NamedTuple):
    """measures: by split, with the K and batch size behind them. per_query: as in RunMeasures."""

    measures: dict[str, Any]
    per_query: pd.DataFrame


def read_reference(
    collection: Path, splits: Collection[str], seen: frozenset[str] = frozenset()
) -> Reference:
    """Of a collection's folder, what concerns the queries of some splits.

    Args:
        seen: documents that are relevant to a training query.
    """
    queries, qrels = (read_frame(collection / f"{name}.parquet") for name in ("queries", "qrels"))
    chosen = queries[queries["split"].isin(splits)]
    split_of = dict(zip(chosen["qid"], chosen["split"], strict=True))
    topk = read_frame(
        collection / "topk.parquet",
        columns=["qid", "docid", "rank"],
        filters=[("qid", "in", list(split_of))],
    )
    return Reference(split_of, qrels[qrels["qid"].isin(split_of)], topk, seen)


def measure_run(
    run: pd.DataFrame,
    reference: Reference,
    lowest: Mapping[str, int],
    agreement_k: int,
    outputs: pd.DataFrame | None = None,
    dense: pd.DataFrame | None = None,
) -> RunMeasures:
    """Every measure of a run.

    Args:
        run: qid, docid, rank.
        lowest: the lowest relevant grade of each split to evaluate.
        agreement_k: how many documents of BM25 count as relevant in BM25-MAP.
        outputs: qid, loss (nats, missing where there is none), of a model.
        dense: the run of the dense model that this one came from.
    """
    rankings, judgements = as_rankings(run), as_judgements(reference.qrels)
    of_splits: dict[str, pd.DataFrame] = {}
    counts: dict[str, QueryCounts] = {}
    for split, grade in lowest.items():
        qids = [qid for qid, of_query in reference.split_of.items() if of_query == split]
        of_split = {qid: judgements[qid] for qid in qids if qid in judgements}
        of_splits[split] = qrels_measures(rankings, of_split, grade)
        counts[split] = query_counts(rankings, judgements, qids, grade)
    frames = [agreement_measures(rankings, reference.topk, agreement_k), *of_splits.values()]
    if dense is not None:
        frames.append(_overlap_measures(run, dense[dense["qid"].isin(reference.split_of)]))
    if outputs is not None:
        losses = outputs.dropna(subset=["loss"])
        frames.append(pd.DataFrame({"qid": losses["qid"], "measure": LOSS, "value": losses["loss"]}))
    per_query = pd.concat(frames, ignore_index=True)
    per_query["split"] = per_query["qid"].map(reference.split_of)
    if reference.seen and GROUPED in lowest:
        groups = _grouped(rankings, judgements, reference, lowest[GROUPED], of_splits[GROUPED])
        per_query = pd.concat([per_query, *(group.per_query for group in groups)], ignore_index=True)
        counts.update({group.split: group.counts for group in groups})
    measures: dict[str, dict[str, float | None]] = {}
    for split in counts:
        means = per_query[per_query["split"] == split].groupby("measure")["value"].mean()
        measures[split] = {name: means.get(name) for name in MEASURES}
        logger.info("%s: %s; %s", split, counts[split]._asdict(), measures[split])
    return RunMeasures(per_query[["qid", "split", "measure", "value"]], measures, counts)


class _Group(NamedTuple):
    split: str
    per_query: pd.DataFrame
    counts: QueryCounts


def _grouped(
    rankings: Rankings, judgements: Judgements, reference: Reference, lowest: int, whole: pd.DataFrame
) -> list[_Group]:
    """The measures of GROUPED on seen and on unseen relevant documents.

    Args:
        whole: those on all of them, which a group has that no relevant document lies outside of.
    """
    qids = [qid for qid, split in reference.split_of.items() if split == GROUPED]
    groups = []
    for split, wanted in ((SEEN, True), (UNSEEN, False)):
        others = {
            qid: {
                docid
                for docid, grade in judgements.get(qid, {}).items()
                if grade >= lowest and (docid in reference.seen) is not wanted
            }
            for qid in qids
        }
        condensed = _without(rankings, others)
        judged = {qid: grades for qid, grades in _without(judgements, others).items() if grades}
        frame = qrels_measures(condensed, judged, lowest) if any(others.values()) else whole
        groups.append(_Group(split, frame.assign(split=split), query_counts(condensed, judged, qids, lowest)))
    return groups


def _without(
    values: Mapping[str, Mapping[str, Value]], others: Mapping[str, set[str]]
) -> dict[str, dict[str, Value]]:
    """Of the queries that `others` has, what is about other documents than those."""
    return {
        qid: {docid: value for docid, value in values[qid].items() if docid not in docids}
        for qid, docids in others.items()
        if qid in values
    }


def _overlap_measures(run: pd.DataFrame, dense: pd.DataFrame) -> pd.DataFrame:
    """RBO of each query that the dense run ranks: qid, measure, value."""
    values = overlaps(ranked_docids(run), ranked_docids(dense))
    return pd.DataFrame({"qid": list(values), "measure": RBO, "value": list(values.values())})


def published_of_lists(
    outputs: pd.DataFrame, reference: Reference, splits: Collection[str], k: int, batch_size: int
) -> PublishedMeasures:
    """The published study's measures of generated lists.

    Args:
        outputs: as for `query_measures` of dsi.evaluation.published_measures, in the order of the batches.
    """
    of_query = outputs["qid"].map(reference.split_of)
    outputs = outputs[of_query.isin(list(splits))]
    values = query_measures(outputs, reference.topk, k)
    measures = {
        split: study_means(values[chosen], outputs[chosen], batch_size)
        for split in splits
        if (chosen := (of_query[outputs.index] == split).to_numpy()).any()
    }
    per_query = values.melt("qid", list(PER_QUERY), "measure").dropna(subset=["value"])
    per_query["split"] = per_query["qid"].map(reference.split_of)
    return PublishedMeasures(
        {"k": k, "batch_size": batch_size, **measures}, per_query[["qid", "split", "measure", "value"]]
    )
