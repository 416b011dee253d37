"""Ranking by a full matrix of scores, as atomic docids give it; losses and measures for a training's history.

With other docids the trie of identifiers is searched (dsi.ranking.trie_search).
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd


class ScoreRanker:
    """Ranks documents by rows of their scores; equal scores stand by descending docid, as in trec_eval.

    Args:
        docids: of the columns.
    """

    def __init__(self, docids: Sequence[str]) -> None:
        self._names = np.asarray(docids, dtype=object)
        self._by_docid = np.argsort(self._names, kind="stable")[::-1]

    def rank(self, scores: npt.NDArray[np.float32], qids: Sequence[str], depth: int) -> pd.DataFrame:
        """The best `depth` documents of each query: qid, rank, docid, score.

        Args:
            scores: (queries, documents); higher is better.
        """
        depth = min(depth, len(self._names))
        # Columns laid out by descending docid, so that a stable sort breaks ties by descending docid.
        best = [_highest(row[self._by_docid], depth) for row in scores]
        order = self._by_docid[np.array(best, dtype=np.int64).reshape(-1, depth)]
        return pd.DataFrame(
            {
                "qid": np.repeat(np.asarray(qids, dtype=object), depth),
                "rank": np.tile(np.arange(1, depth + 1), len(qids)),
                "docid": self._names[order].ravel(),
                "score": np.take_along_axis(scores, order, axis=1).ravel(),
            }
        )


def rank_scores(
    scores: npt.NDArray[np.float32], qids: Sequence[str], docids: Sequence[str], depth: int
) -> pd.DataFrame:
    """As `ScoreRanker.rank`, of documents that are ranked once."""
    return ScoreRanker(docids).rank(scores, qids, depth)


def _highest(row: npt.NDArray[np.float32], depth: int) -> npt.NDArray[np.intp]:
    """Columns of the `depth` highest values, highest first, equal ones in the order of the columns."""
    # Only these are sorted: for a thousand of 100,000 documents that takes a tenth of the time.
    lowest = np.partition(row, len(row) - depth)[len(row) - depth]
    columns = np.flatnonzero(row >= lowest)
    best: npt.NDArray[np.intp] = columns[np.argsort(-row[columns], kind="stable")[:depth]]
    return best


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
    return measures_of_ranks(ranks_of_columns(scores, relevant), relevant)


def ranks_of_columns(
    scores: Iterable[npt.NDArray[np.float32]], relevant: Sequence[Sequence[int]]
) -> list[npt.NDArray[np.int64]]:
    """The ascending ranks of each query's relevant columns.

    Args:
        scores: a row (documents,) a query, as of `measures_of_scores`; read one at a time.
    """
    ranks = []
    for row, columns in zip(scores, relevant, strict=True):
        found = [
            1 + np.count_nonzero(row > row[column]) + np.count_nonzero(row[column + 1 :] == row[column])
            for column in columns
        ]
        ranks.append(np.sort(np.array(found, dtype=np.int64)))
    return ranks


def measures_of_ranking(
    documents: npt.NDArray[np.int64], relevant: Sequence[Sequence[int]]
) -> dict[str, float]:
    """MAP, R@10 and R@1000 of the best documents; others count as not found.

    Args:
        documents: (queries, depth) numbers of documents, best first.
        relevant: the relevant documents of each query, at least one.
    """
    ranks = [
        np.flatnonzero(np.isin(row, list(wanted))) + 1
        for row, wanted in zip(documents, relevant, strict=True)
    ]
    return measures_of_ranks(ranks, relevant)


def measures_of_ranks(
    ranks: Sequence[npt.NDArray[np.int64]], relevant: Sequence[Sequence[int]]
) -> dict[str, float]:
    """MAP, R@10 and R@1000 from the ascending ranks of those relevant documents that were found."""
    counts = [len(columns) for columns in relevant]
    found = list(zip(ranks, counts, strict=True))
    precisions = [np.sum(np.arange(1, len(row) + 1) / row) / count for row, count in found]
    return {
        "MAP": float(np.mean(precisions)),
        "R@10": float(np.mean([np.sum(row <= 10) / count for row, count in found])),
        "R@1000": float(np.mean([np.sum(row <= 1000) / count for row, count in found])),
    }
