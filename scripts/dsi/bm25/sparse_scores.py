"""BM25 scores of many texts over all documents at once, as a sparse product; the teacher of the distillation."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse


class Bm25Scorer:
    """Scores texts, given as lists of words, against all documents.

    Args:
        weights: as `term_weights` gives them.
        terms_of: word → its index terms; unknown words match nothing.
        documents: their number N.
    """

    def __init__(self, weights: pd.DataFrame, terms_of: Mapping[str, Sequence[str]], documents: int) -> None:
        terms = weights["term"].drop_duplicates()
        self._row = {term: row for row, term in enumerate(terms)}
        rows = weights["term"].map(self._row).to_numpy()
        self._matrix = sparse.csr_matrix(
            (weights["weight"].to_numpy(np.float32), (rows, weights["document"].to_numpy())),
            shape=(len(self._row), documents),
        )
        idf_of_term = dict(zip(weights["term"], weights["idf"], strict=True))
        self._rows_of = {
            word: [self._row[term] for term in found if term in self._row] for word, found in terms_of.items()
        }
        # A word of several terms ("shortest-path") is as rare as its rarest term.
        self.idf: dict[str, float] = {
            word: max((idf_of_term[term] for term in found if term in self._row), default=0.0)
            for word, found in terms_of.items()
        }

    def scores(self, texts: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
        """BM25 scores, (len(texts), N); repeated words count as often as they occur."""
        rows: list[int] = []
        columns: list[int] = []
        for number, words in enumerate(texts):
            for word in words:
                found = self._rows_of.get(word, [])
                rows.extend([number] * len(found))
                columns.extend(found)
        queries = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (rows, columns)),
            shape=(len(texts), self._matrix.shape[0]),
        )
        return np.asarray((queries @ self._matrix).toarray(), dtype=np.float32)
