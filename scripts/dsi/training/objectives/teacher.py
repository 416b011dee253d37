"""What each text of the task `docid` should retrieve: its relevant documents, and partly what BM25 would."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import softmax

from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.training.objectives.chunked_loss import SparseTargets

TOP = 1000  # documents of a text that have shares of their own in sparse targets, besides the relevant ones
POSTINGS = 2**24  # of the texts that are scored together for sparse targets: some 300 MB


class Example(NamedTuple):
    """The words of a text and the columns of its relevant documents; none where nobody judged it.

    text: as it is encoded, for a query as a user wrote it; None: the words joined.
    """

    words: list[str]
    relevant: tuple[int, ...]
    text: str | None = None


class Teacher:
    """Target distributions over N documents.

    Args:
        scorer: BM25 over the documents.
        documents: N.
        weight, temperature: share of the target that is softmax(BM25 / temperature).
    """

    def __init__(self, scorer: Bm25Scorer, documents: int, weight: float, temperature: float) -> None:
        self._scorer = scorer
        self._documents = documents
        self._weight = weight
        self._temperature = temperature

    def teaches(self, words: Sequence[str]) -> bool:
        """True if BM25 has a share of the target and finds something."""
        return self._weight > 0 and self._scorer.matches(words)

    def targets(self, examples: Sequence[Example]) -> npt.NDArray[np.float32]:
        """(len(examples), N) float32; rows sum to 1."""
        if self._weight == 0:
            return relevance_targets([example.relevant for example in examples], self._documents)
        scores = self._scorer.scores([example.words for example in examples])
        soft = softmax(scores / self._temperature, axis=1)
        # A text that matches nothing teaches nothing: a flat distribution would be noise.
        weight = self._weight * (scores.max(axis=1, keepdims=True) > 0)
        weight[[not example.relevant for example in examples]] = 1
        # In float64, which decides last bits, but into float32: a matrix of float64 would be twice as large.
        mixed: npt.NDArray[np.float32] = np.multiply(
            weight, soft, out=np.empty_like(soft), casting="same_kind"
        )
        for row, example in enumerate(examples):
            columns = list(example.relevant)
            share = np.float32(1 / max(len(columns), 1))
            mixed[row, columns] = (1 - weight[row]) * share + weight[row] * soft[row, columns]
        return mixed

    def sparse_targets(self, examples: Sequence[Example]) -> SparseTargets:
        """As `targets`, without a matrix of texts by documents.

        BM25's share is exact for the TOP documents that it finds best, and what it gives to all others is
        spread over them evenly: of a text that no more than TOP documents match nothing is changed by that.
        """
        if self._weight == 0:
            return _padded([_Row(*_shared(example, 1.0), 0.0) for example in examples])
        rows: list[_Row] = []
        for part in self._together(examples):
            scores = self._scorer.sparse_scores([example.words for example in part])
            for number, example in enumerate(part):
                entries = slice(scores.indptr[number], scores.indptr[number + 1])
                rows.append(self._row(example, scores.indices[entries], scores.data[entries]))
        return _padded(rows)

    def _together(self, examples: Sequence[Example]) -> Iterator[list[Example]]:
        """Parts of so few examples that their terms have POSTINGS at most, or of one."""
        part: list[Example] = []
        total = 0
        for example in examples:
            postings = self._scorer.postings(example.words)
            if part and total + postings > POSTINGS:
                yield part
                part, total = [], 0
            part.append(example)
            total += postings
        yield part

    def _row(
        self, example: Example, matched: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]
    ) -> "_Row":
        """The target of a text with the scores of the documents that it matches; others have 0."""
        if not len(matched) and example.relevant:
            return _Row(*_shared(example, 1.0), 0.0)
        weight = self._weight if example.relevant else 1.0
        highest = float(scores.max(initial=0))
        raised = np.exp((scores.astype(np.float64) - highest) / self._temperature)
        others = (self._documents - len(matched)) * np.exp(-highest / self._temperature)
        total = raised.sum() + others
        best = _best(scores, matched)
        left = others + np.delete(raised, best).sum()
        rest = weight * left / total / max(self._documents - len(best), 1)
        columns, shares = _shared(example, 1 - weight)
        return _Row(
            np.concatenate([matched[best], columns]),
            np.concatenate([weight * raised[best] / total - rest, shares]),
            rest,
        )


class _Row(NamedTuple):
    """A text's target: columns with their shares besides `rest`, which every document has."""

    columns: npt.NDArray[np.integer]
    shares: npt.NDArray[np.float64]
    rest: float


def _shared(example: Example, share: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The relevant columns of a text, and equal parts of a share for them."""
    columns = np.array(example.relevant, dtype=np.int64)
    return columns, np.full(len(columns), share / max(len(columns), 1))


def _best(scores: npt.NDArray[np.float32], columns: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    """Places of the TOP highest scores; of equal ones those of the first columns."""
    if len(scores) <= TOP:
        return np.arange(len(scores))
    lowest = np.partition(scores, len(scores) - TOP)[len(scores) - TOP]
    places = np.flatnonzero(scores >= lowest)
    best: npt.NDArray[np.intp] = places[np.lexsort((columns[places], -scores[places]))[:TOP]]
    return best


def _padded(rows: Sequence[_Row]) -> SparseTargets:
    """Tensors of all rows; what stands behind a row's end has no share."""
    longest = max(len(row.columns) for row in rows)
    columns = np.zeros((len(rows), longest), dtype=np.int64)
    shares = np.zeros((len(rows), longest), dtype=np.float32)
    for number, row in enumerate(rows):
        columns[number, : len(row.columns)] = row.columns
        shares[number, : len(row.columns)] = row.shares
    rest = np.array([row.rest for row in rows], dtype=np.float32)
    return SparseTargets(*map(torch.from_numpy, (columns, shares, rest)))


def relevance_targets(relevant: Sequence[Sequence[int]], documents: int) -> npt.NDArray[np.float32]:
    """(len(relevant), documents): uniform over each row's relevant columns; 0 where there are none."""
    targets = np.zeros((len(relevant), documents), dtype=np.float32)
    for row, columns in enumerate(relevant):
        targets[row, list(columns)] = 1 / max(len(columns), 1)
    return targets
