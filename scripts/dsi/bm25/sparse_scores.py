"""BM25 scores of many texts over all documents at once, as a sparse product; training distils from them."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse


class Bm25Scorer:
    """Scores texts, given as lists of words, against all documents.

    idf: word → the inverse document frequency of its rarest term, 0 if it has none.

    Args:
        weights: as `term_weights` gives them.
        terms_of: word → its index terms; unknown words match nothing.
        documents: their number N.
    """

    def __init__(self, weights: pd.DataFrame, terms_of: Mapping[str, Sequence[str]], documents: int) -> None:
        rows, terms = pd.factorize(weights["term"])
        row_of = {term: row for row, term in enumerate(terms)}
        idf = np.empty(len(terms))
        idf[rows] = weights["idf"]
        idf_of = dict(zip(terms, idf.tolist(), strict=True))
        self._matrix = sparse.csr_matrix(
            (weights["weight"].to_numpy(np.float32), (rows, weights["document"].to_numpy())),
            shape=(len(terms), documents),
        )
        self._rows_of = {
            word: [row_of[term] for term in found if term in row_of] for word, found in terms_of.items()
        }
        # A word of several terms ("shortest-path") is as rare as its rarest term.
        self.idf: dict[str, float] = {
            word: max((idf_of[term] for term in found if term in idf_of), default=0.0)
            for word, found in terms_of.items()
        }

    def scores(self, texts: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
        """BM25 scores, (len(texts), N); repeated words count as often as they occur."""
        return np.asarray(self.sparse_scores(texts).toarray(), dtype=np.float32)

    def sparse_scores(self, texts: Sequence[Sequence[str]]) -> sparse.csr_matrix:
        """As `scores`, of the documents that a text matches."""
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
        return queries @ self._matrix

    def matches(self, words: Sequence[str]) -> bool:
        """Whether a text has a term of any document."""
        return any(self._rows_of.get(word) for word in words)

    def postings(self, words: Sequence[str]) -> int:
        """Documents of a text's terms, counted for each term: no fewer than match it."""
        pointer = self._matrix.indptr
        return sum(
            int(pointer[row + 1] - pointer[row]) for word in words for row in self._rows_of.get(word, ())
        )
