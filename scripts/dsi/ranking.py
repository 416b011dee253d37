"""Exact ranking of all documents by P(docid | query), and what training logs of it: loss, quick measures.

With atomic docids one decoder step scores every document, so ranking is a sort.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dsi.collection import EVALUATED_SPLITS, relevant_documents
from dsi.files import replacing, write_parquet
from dsi.model import Checkpoint, score_queries
from dsi.runs import write_run


def rank_scores(
    scores: npt.NDArray[np.float32], qids: Sequence[str], docids: Sequence[str], depth: int
) -> pd.DataFrame:
    """The best `depth` documents of each query: qid, rank, docid, score.

    Args:
        scores: (queries, documents); higher is better. Equal scores stand by descending docid, as
            trec_eval breaks ties.
    """
    names = np.asarray(docids, dtype=object)
    by_docid = np.argsort(names, kind="stable")[::-1]
    depth = min(depth, len(names))
    # A stable sort of columns laid out by descending docid breaks ties by descending docid.
    order = by_docid[np.argsort(-scores[:, by_docid], axis=1, kind="stable")[:, :depth]]
    return pd.DataFrame(
        {
            "qid": np.repeat(np.asarray(qids, dtype=object), depth),
            "rank": np.tile(np.arange(1, depth + 1), len(qids)),
            "docid": names[order].ravel(),
            "score": np.take_along_axis(scores, order, axis=1).ravel(),
        }
    )


def query_losses(
    log_probabilities: npt.NDArray[np.float32],
    relevant: Sequence[Sequence[int]],
) -> npt.NDArray[np.float64]:
    """Cross-entropy of each query: minus the mean log P of its relevant documents' columns.

    A query without relevant documents gets NaN.
    """
    return np.array(
        [
            -float(np.mean(row[list(columns)], dtype=np.float64)) if len(columns) else np.nan
            for row, columns in zip(log_probabilities, relevant, strict=True)
        ]
    )


def measures_of_scores(
    scores: npt.NDArray[np.float32], relevant: Sequence[Sequence[int]]
) -> dict[str, float]:
    """MAP, R@10 and R@1000 of a full score matrix, for the history of a training run.

    Args:
        scores: (queries, documents); higher is better. Equal scores rank the later column first, as
            trec_eval does when the columns are in docid order.
        relevant: the relevant columns of each query, at least one.
    """
    average_precision, at_10, at_1000 = [], [], []
    for row, columns in zip(scores, relevant, strict=True):
        order = np.lexsort((-np.arange(len(row)), -row))
        rank_of = np.empty(len(row), dtype=np.int64)
        rank_of[order] = np.arange(1, len(row) + 1)
        ranks = np.sort(rank_of[list(columns)])
        average_precision.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
        at_10.append(np.mean(ranks <= 10))
        at_1000.append(np.mean(ranks <= 1000))
    return {
        "MAP": float(np.mean(average_precision)),
        "R@10": float(np.mean(at_10)),
        "R@1000": float(np.mean(at_1000)),
    }


def rank_and_write(
    checkpoint: Checkpoint,
    queries: pd.DataFrame,
    qrels: pd.DataFrame,
    *,
    relevance: int,
    depth: int,
    run_path: Path,
    outputs_path: Path,
) -> None:
    """Rank the validation and test queries; write the TREC run and each query's loss."""
    evaluated = queries[queries["split"].isin(EVALUATED_SPLITS)]
    scores = score_queries(checkpoint, list(evaluated["text"]))
    run = rank_scores(scores, list(evaluated["qid"]), checkpoint.docids, depth)
    column = {docid: number for number, docid in enumerate(checkpoint.docids)}
    relevant = relevant_documents(qrels, relevance)
    columns = [
        sorted(column[docid] for docid in relevant.get(qid, set()) if docid in column)
        for qid in evaluated["qid"]
    ]
    losses = pd.DataFrame({"qid": list(evaluated["qid"]), "loss": query_losses(scores, columns)})
    with replacing(run_path) as path:
        write_run(run, path, tag="dsi")
    write_parquet(losses, outputs_path)
