"""The BM25 weight of every term in every document, as Lucene computes it (Robertson and Zaragoza 2009).

Document lengths are rounded as Lucene's BM25Similarity stores them, so that sums of these weights equal the
scores of an index.
"""

import math
from array import array
from collections.abc import Iterable, Mapping

import numpy as np
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


def term_weights(vectors: Iterable[Mapping[str, int]], k1: float, b: float) -> pd.DataFrame:
    """BM25 weight of every term in every document: term, document (row number), weight, idf.

    weight = idf · tf / (tf + k1 · (1 - b + b · dl / avgdl)), with avgdl from the exact lengths. As in Lucene,
    N and avgdl are those of the documents that have a term.

    Args:
        vectors: term → frequency, of each document, read once; there may be documents without terms.
    """
    number_of: dict[str, int] = {}
    # Eight bytes a term of a document, not the hundreds of objects.
    numbers, counts, sizes = array("i"), array("i"), array("i")
    for vector in vectors:
        for name, count in sorted(vector.items()):
            numbers.append(number_of.setdefault(name, len(number_of)))
            counts.append(count)
        sizes.append(len(vector))
    term, tf = np.asarray(numbers, dtype=np.int32), np.asarray(counts, dtype=np.float64)
    document = np.repeat(np.arange(len(sizes)), np.asarray(sizes, dtype=np.int64))
    lengths = np.bincount(document, weights=tf, minlength=len(sizes))
    counted = sum(size > 0 for size in sizes)
    average = lengths.sum() / max(counted, 1)
    frequency = np.bincount(term, minlength=len(number_of)).tolist()
    idf = np.array([inverse_document_frequency(counted, n) for n in frequency])[term]
    stored = np.array([stored_length(int(length)) for length in lengths])
    norm = (k1 * (1 - b + b * stored / max(average, 1)))[document]
    names = np.array(list(number_of), dtype=object)
    return pd.DataFrame(
        {"term": names[term], "document": document, "weight": idf * tf / (tf + norm), "idf": idf}
    )
