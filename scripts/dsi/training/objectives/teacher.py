"""What each text of the task `docid` should retrieve: its relevant documents, and partly what BM25 would."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from dsi.bm25.sparse_scores import Bm25Scorer


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
        return self._weight > 0 and bool(self._scorer.scores([words]).any())

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


def relevance_targets(relevant: Sequence[Sequence[int]], documents: int) -> npt.NDArray[np.float32]:
    """(len(relevant), documents): uniform over each row's relevant columns; 0 where there are none."""
    targets = np.zeros((len(relevant), documents), dtype=np.float32)
    for row, columns in enumerate(relevant):
        targets[row, list(columns)] = 1 / max(len(columns), 1)
    return targets
