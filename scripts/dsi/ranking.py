"""Exact ranking of all documents by P(docid | query), and what training logs of it: loss, quick measures.

With atomic docids one decoder step scores every document, so ranking is a sort; with others the trie of
identifiers is searched (dsi.trie_ranking).
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dsi.collection import EVALUATED_SPLITS
from dsi.files import replacing, write_parquet
from dsi.model import Checkpoint, pad_batch, score_pairs, score_queries
from dsi.relevance import Relevance, relevant_documents
from dsi.runs import write_run
from dsi.trie import build_trie
from dsi.trie_ranking import TrieRanker


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
    # Columns laid out by descending docid, so that a stable sort breaks ties by descending docid.
    order = by_docid[[_best(row, depth) for row in scores[:, by_docid]]]
    return pd.DataFrame(
        {
            "qid": np.repeat(np.asarray(qids, dtype=object), depth),
            "rank": np.tile(np.arange(1, depth + 1), len(qids)),
            "docid": names[order].ravel(),
            "score": np.take_along_axis(scores, order, axis=1).ravel(),
        }
    )


def _best(row: npt.NDArray[np.float32], depth: int) -> npt.NDArray[np.intp]:
    """Columns of the `depth` highest values, highest first, equal ones in the order of the columns."""
    # Only what can be among them is sorted: a thousand of 100,000 documents take a tenth of the time.
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
    ranks = []
    for row, columns in zip(scores, relevant, strict=True):
        order = np.lexsort((-np.arange(len(row)), -row))
        rank_of = np.empty(len(row), dtype=np.int64)
        rank_of[order] = np.arange(1, len(row) + 1)
        ranks.append(np.sort(rank_of[list(columns)]))
    return _measures_of_ranks(ranks, relevant)


def measures_of_ranking(
    documents: npt.NDArray[np.int64], relevant: Sequence[Sequence[int]]
) -> dict[str, float]:
    """As `measures_of_scores`, of the best documents only; others count as not found.

    Args:
        documents: (queries, depth) numbers of documents, best first.
        relevant: the relevant documents of each query, at least one.
    """
    ranks = [
        np.flatnonzero(np.isin(row, list(wanted))) + 1
        for row, wanted in zip(documents, relevant, strict=True)
    ]
    return _measures_of_ranks(ranks, relevant)


class Ranker:
    """Ranks texts with a docid checkpoint of any scheme.

    Args:
        expanded: prefixes of identifiers that go through the decoder at a time; bounds the memory. None
            with atomic docids.
    """

    def __init__(self, checkpoint: Checkpoint, expanded: int | None) -> None:
        self._checkpoint = checkpoint
        self._trie_ranker = None
        if checkpoint.identifiers is not None:
            assert expanded is not None
            trie = build_trie(checkpoint.identifiers)
            self._trie_ranker = TrieRanker(checkpoint.model, trie, checkpoint.docids, expanded)

    def rank(self, qids: Sequence[str], texts: Sequence[str], depth: int) -> pd.DataFrame:
        """The best `depth` documents of each text: qid, rank, docid, score (log P(docid | text))."""
        if self._trie_ranker is None:
            return rank_scores(score_queries(self._checkpoint, texts), qids, self._checkpoint.docids, depth)
        encoded = self._checkpoint.tokenizer.encode_batch(list(texts))
        input_ids, mask = pad_batch([entry.ids for entry in encoded])
        return self._trie_ranker.rank(qids, input_ids, mask, depth)


def rank_with_losses(
    checkpoint: Checkpoint,
    queries: pd.DataFrame,
    relevant: Mapping[str, Iterable[str]],
    depth: int,
    expanded: int | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The run of some queries and their losses: qid, rank, docid, score; and qid, loss.

    Args:
        queries: qid, text.
        relevant: qid → docids; those that the checkpoint lacks count for nothing.
        expanded: as of `Ranker`.
    """
    qids, texts = list(queries["qid"]), list(queries["text"])
    column = {docid: number for number, docid in enumerate(checkpoint.docids)}
    columns = [sorted(column[docid] for docid in relevant.get(qid, ()) if docid in column) for qid in qids]
    if checkpoint.identifiers is None:
        scores = score_queries(checkpoint, texts)
        run = rank_scores(scores, qids, checkpoint.docids, depth)
        losses = query_losses(scores, columns)
    else:
        run = Ranker(checkpoint, expanded).rank(qids, texts, depth)
        losses = _pair_losses(checkpoint, texts, columns)
    return run, pd.DataFrame({"qid": qids, "loss": losses})


def rank_and_write(
    checkpoint: Checkpoint,
    queries: pd.DataFrame,
    qrels: pd.DataFrame,
    *,
    relevance: Relevance,
    depth: int,
    expanded: int | None,
    run_path: Path,
    outputs_path: Path,
) -> None:
    """Rank the validation and test queries; write the TREC run and each query's loss."""
    evaluated = queries[queries["split"].isin(EVALUATED_SPLITS)]
    relevant = relevant_documents(qrels, queries, relevance)
    run, losses = rank_with_losses(checkpoint, evaluated, relevant, depth, expanded)
    with replacing(run_path) as path:
        write_run(run, path, tag="dsi")
    write_parquet(losses, outputs_path)


def _pair_losses(
    checkpoint: Checkpoint, texts: Sequence[str], columns: Sequence[Sequence[int]]
) -> npt.NDArray[np.float64]:
    """As `query_losses`, scoring no document but the relevant ones."""
    numbers = [number for number, wanted in enumerate(columns) for _ in wanted]
    scores = score_pairs(
        checkpoint,
        [texts[number] for number in numbers],
        [document for wanted in columns for document in wanted],
    )
    totals = np.bincount(numbers, weights=scores, minlength=len(texts))
    counts = np.array([len(wanted) for wanted in columns])
    with np.errstate(invalid="ignore"):  # NaN without relevant documents
        return np.asarray(-totals / counts, dtype=np.float64)


def _measures_of_ranks(
    ranks: Sequence[npt.NDArray[np.int64]], relevant: Sequence[Sequence[int]]
) -> dict[str, float]:
    """Measures from the ascending ranks of those relevant documents that were found."""
    counts = [len(columns) for columns in relevant]
    found = list(zip(ranks, counts, strict=True))
    precisions = [np.sum(np.arange(1, len(row) + 1) / row) / count for row, count in found]
    return {
        "MAP": float(np.mean(precisions)),
        "R@10": float(np.mean([np.sum(row <= 10) / count for row, count in found])),
        "R@1000": float(np.mean([np.sum(row <= 1000) / count for row, count in found])),
    }
