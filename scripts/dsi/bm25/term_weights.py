"""The BM25 weight of every term in every document, as Lucene computes it (Robertson and Zaragoza 2009).

Document lengths are rounded as Lucene's BM25Similarity stores them, so that sums of these weights equal the
scores of an index.
"""

import math
from collections.abc import Mapping, Sequence

import pandas as pd


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

    weight = idf · tf / (tf + k1 · (1 - b + b · dl / avgdl)), with avgdl from the exact lengths. As in Lucene,
    N and avgdl are those of the documents that have a term.

    Args:
        vectors: term → frequency, of each document; there may be documents without terms.
    """
    frequency: dict[str, int] = {}
    for vector in vectors:
        for term in vector:
            frequency[term] = frequency.get(term, 0) + 1
    counted = sum(1 for vector in vectors if vector)
    idf = {term: inverse_document_frequency(counted, n) for term, n in frequency.items()}
    lengths = [sum(vector.values()) for vector in vectors]
    average = sum(lengths) / max(counted, 1)
    rows = []
    for document, (vector, length) in enumerate(zip(vectors, lengths, strict=True)):
        if not vector:
            continue
        norm = k1 * (1 - b + b * stored_length(length) / average)
        for term, tf in sorted(vector.items()):
            rows.append((term, document, idf[term] * tf / (tf + norm), idf[term]))
    return pd.DataFrame(rows, columns=["term", "document", "weight", "idf"])
