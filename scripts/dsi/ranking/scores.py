"""Ranking by a full matrix of scores, as atomic docids give it; losses and measures for a training's history.

With other docids the trie of identifiers is searched (dsi.ranking.trie_search).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch


class ScoreRanker:
    """Ranks documents by rows of their scores; equal scores stand by descending docid, as in trec_eval.

    Args:
        docids: of the columns.
    """

    def __init__(self, docids: Sequence[str]) -> None:
        self._names = np.asarray(docids, dtype=object)
        by_docid = np.argsort(self._names, kind="stable")[::-1]
        self._place = np.empty(len(by_docid), dtype=np.int64)  # in descending order of docids
        self._place[by_docid] = np.arange(len(by_docid))

    def rank(self, scores: torch.Tensor, qids: Sequence[str], depth: int) -> pd.DataFrame:
        """The best `depth` documents of each query: qid, rank, docid, score.

        Args:
            scores: (queries, documents) float32, on any device; higher is better.
        """
        depth = min(depth, len(self._names))
        found = _highest(scores, depth) if scores.device.type == "cpu" else _highest_on_card(scores, depth)
        docids, values = [np.empty(0, dtype=object)], [np.empty(0, dtype=np.float32)]
        for columns, row in found:
            order = np.lexsort((self._place[columns], -row))[:depth]
            docids.append(self._names[columns[order]])
            values.append(row[order])
        return pd.DataFrame(
            {
                "qid": np.repeat(np.asarray(qids, dtype=object), depth),
                "rank": np.tile(np.arange(1, depth + 1), len(qids)),
                "docid": np.concatenate(docids),
                "score": np.concatenate(values),
            }
        )


def rank_scores(
    scores: npt.NDArray[np.float32], qids: Sequence[str], docids: Sequence[str], depth: int
) -> pd.DataFrame:
    """As `ScoreRanker.rank`, of documents that are ranked once."""
    return ScoreRanker(docids).rank(torch.from_numpy(scores), qids, depth)


# The columns that may be among the highest of a row, ascending, and their values.
_Highest = tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]


def _highest(scores: torch.Tensor, depth: int) -> Iterator[_Highest]:
    """Of each row the columns of the `depth` highest values, and of all that equal the last of them."""
    for row in scores.numpy():
        # Only these are sorted: for a thousand of 100,000 documents that takes a tenth of the time.
        columns = np.flatnonzero(row >= np.partition(row, len(row) - depth)[len(row) - depth])
        yield columns, row[columns]


def _highest_on_card(scores: torch.Tensor, depth: int) -> Iterator[_Highest]:
    """The same of a matrix that is elsewhere: no more than these leaves its memory."""
    lowest = torch.topk(scores, depth, dim=1, sorted=False).values.amin(dim=1, keepdim=True)
    rows, columns = (scores >= lowest).nonzero(as_tuple=True)
    found, values = columns.cpu().numpy(), scores[rows, columns].cpu().numpy()
    ends = np.searchsorted(rows.cpu().numpy(), np.arange(len(scores) + 1))
    return ((found[low:high], values[low:high]) for low, high in pairwise(ends))


def query_losses(
    log_probabilities: torch.Tensor, relevant: Sequence[Sequence[int]]
) -> npt.NDArray[np.float64]:
    """Cross-entropy of each query: minus the mean log P of its relevant documents' columns.

    A query without relevant documents gets NaN.

    Args:
        log_probabilities: (queries, documents), on any device.
    """
    places = [(row, column) for row, columns in enumerate(relevant) for column in columns]
    wanted = log_probabilities[tuple(torch.tensor(places, dtype=torch.int64).reshape(-1, 2).T)].cpu().numpy()
    ends = np.cumsum([0, *(len(columns) for columns in relevant)])
    return np.array(
        [
            -float(np.mean(wanted[low:high], dtype=np.float64)) if high > low else np.nan
            for low, high in pairwise(ends)
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
