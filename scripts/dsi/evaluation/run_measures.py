"""All measures of one run: for each query, and their means by split."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.evaluation.measures import (
    LOSS,
    MEASURES,
    QueryCounts,
    agreement_measures,
    as_judgements,
    as_rankings,
    qrels_measures,
    query_counts,
)
from dsi.evaluation.published_measures import PER_QUERY, query_measures, study_measures

logger = logging.getLogger(__name__)

# Of a collection's folder: what measures are computed from.
REFERENCE_FILES = ("queries", "qrels", "topk")


class Reference(NamedTuple):
    """What a run is measured against: judgements, and BM25's lists.

    split_of: the split of every query that is evaluated, in their order; qrels: qid, docid, grade;
    topk: qid, docid, rank of BM25. Both are of these queries only.
    """

    split_of: dict[str, str]
    qrels: pd.DataFrame
    topk: pd.DataFrame


class RunMeasures(NamedTuple):
    """per_query: qid, split, measure, value. measures: means by split, None where no query has a value."""

    per_query: pd.DataFrame
    measures: dict[str, dict[str, float | None]]
    queries: dict[str, QueryCounts]


class PublishedMeasures(NamedTuple):
    """measures: by split, with the K and batch size behind them. per_query: as in RunMeasures."""

    measures: dict[str, Any]
    per_query: pd.DataFrame


def read_reference(collection: Path, splits: Collection[str]) -> Reference:
    """Of a collection's folder, what concerns the queries of some splits."""
    queries, qrels = (pd.read_parquet(collection / f"{name}.parquet") for name in ("queries", "qrels"))
    chosen = queries[queries["split"].isin(splits)]
    split_of = dict(zip(chosen["qid"], chosen["split"], strict=True))
    topk = pd.read_parquet(
        collection / "topk.parquet",
        columns=["qid", "docid", "rank"],
        filters=[("qid", "in", list(split_of))],
    )
    return Reference(split_of, qrels[qrels["qid"].isin(split_of)], topk)


def measure_run(
    run: pd.DataFrame,
    reference: Reference,
    lowest: Mapping[str, int],
    agreement_k: int,
    outputs: pd.DataFrame | None = None,
) -> RunMeasures:
    """Every measure of a run.

    Args:
        run: qid, docid, rank.
        lowest: the lowest relevant grade of each split to evaluate.
        agreement_k: how many documents of BM25 count as relevant in BM25-MAP.
        outputs: qid, loss (nats, missing where there is none), of a model.
    """
    rankings, judgements = as_rankings(run), as_judgements(reference.qrels)
    frames = [agreement_measures(rankings, reference.topk, agreement_k)]
    for split, grade in lowest.items():
        of_split = {qid: grades for qid, grades in judgements.items() if reference.split_of[qid] == split}
        frames.append(qrels_measures(rankings, of_split, grade))
    if outputs is not None:
        losses = outputs.dropna(subset=["loss"])
        frames.append(pd.DataFrame({"qid": losses["qid"], "measure": LOSS, "value": losses["loss"]}))
    per_query = pd.concat(frames, ignore_index=True)
    per_query["split"] = per_query["qid"].map(reference.split_of)
    measures: dict[str, dict[str, float | None]] = {}
    counts: dict[str, QueryCounts] = {}
    for split, grade in lowest.items():
        means = per_query[per_query["split"] == split].groupby("measure")["value"].mean()
        measures[split] = {name: means.get(name) for name in MEASURES}
        qids = [qid for qid, of_query in reference.split_of.items() if of_query == split]
        counts[split] = query_counts(rankings, judgements, qids, grade)
        logger.info("%s: %s; %s", split, counts[split]._asdict(), measures[split])
    return RunMeasures(per_query[["qid", "split", "measure", "value"]], measures, counts)


def published_of_lists(
    outputs: pd.DataFrame, reference: Reference, splits: Collection[str], k: int, batch_size: int
) -> PublishedMeasures:
    """The published study's measures of generated lists.

    Args:
        outputs: as for `query_measures` of dsi.evaluation.published_measures, in the order of the batches.
    """
    of_query = outputs["qid"].map(reference.split_of)
    measures = {
        split: study_measures(outputs[of_query == split], reference.topk, k, batch_size)
        for split in splits
        if (of_query == split).any()
    }
    values = query_measures(outputs[of_query.isin(list(splits))], reference.topk, k)
    per_query = values.melt("qid", list(PER_QUERY), "measure").dropna(subset=["value"])
    per_query["split"] = per_query["qid"].map(reference.split_of)
    return PublishedMeasures(
        {"k": k, "batch_size": batch_size, **measures}, per_query[["qid", "split", "measure", "value"]]
    )
