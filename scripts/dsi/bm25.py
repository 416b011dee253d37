"""BM25 as a sparse matrix product: scores of every document for many short texts at once.

The teacher of the distillation scores thousands of fresh pseudo-queries an epoch, without a JVM. The
weights are those of Lucene's BM25Similarity, document lengths rounded as Lucene stores them, so the
scores equal the index's. Does not know Lucene's files: it is given term vectors and analysed words.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse


def stored_length(length: int) -> int:
    """A document length as Lucene's norms give it back: exact below 40, then 4 significant bits.

    SmallFloat.intToByte4: values below 24 are stored as they are; of the rest less 24 the four
    leading bits are kept. 40 → 40, 41 → 40, 100 → 96.
    """
    if length < 24:
        return length
    excess = length - 24
    dropped = max(excess.bit_length() - 4, 0)
    return 24 + (excess >> dropped << dropped)


def inverse_document_frequency(documents: int, containing: int) -> float:
    """Lucene's idf: ln(1 + (N - n + 0.5) / (n + 0.5)), positive for every n ≤ N."""
    return math.log(1 + (documents - containing + 0.5) / (containing + 0.5))


def term_weights(vectors: Sequence[Mapping[str, int]], k1: float, b: float) -> pd.DataFrame:
    """BM25 weight of every term in every document: term, document (row number), weight, idf.

    weight = idf · tf / (tf + k1 · (1 - b + b · dl / avgdl)), with avgdl from the exact lengths.
    """
    frequency: dict[str, int] = {}
    for vector in vectors:
        for term in vector:
            frequency[term] = frequency.get(term, 0) + 1
    idf = {term: inverse_document_frequency(len(vectors), n) for term, n in frequency.items()}
    lengths = [sum(vector.values()) for vector in vectors]
    average = sum(lengths) / len(lengths)
    rows = []
    for document, (vector, length) in enumerate(zip(vectors, lengths, strict=True)):
        norm = k1 * (1 - b + b * stored_length(length) / average)
        for term, tf in sorted(vector.items()):
            rows.append((term, document, idf[term] * tf / (tf + norm), idf[term]))
    return pd.DataFrame(rows, columns=["term", "document", "weight", "idf"])


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
