"""An index's BM25 as tables, from which scores are computed without a JVM (dsi.bm25.sparse_scores)."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.words import all_words
from dsi.bm25.lucene import analyse_words, document_vectors, verified_index
from dsi.bm25.parameters import Bm25Parameters
from dsi.bm25.term_weights import term_weights


class Exported(NamedTuple):
    """weights: term, document (row number), weight, idf; words: word, terms."""

    weights: pd.DataFrame
    words: pd.DataFrame


def exported_bm25(
    manifest: Path, documents: pd.DataFrame, queries: pd.DataFrame, parameters: Bm25Parameters
) -> Exported:
    """The weight of every term in every document, and the terms of every word.

    Args:
        manifest: of the index.
        documents: docid, text.
        queries: text.

    Raises:
        dsi.bm25.lucene.LuceneError: the index is damaged, or is of other documents.
    """
    words = sorted({word for text in [*documents["text"], *queries["text"]] for word in all_words(text)})
    index = verified_index(manifest)
    vectors = document_vectors(index, documents)
    terms = analyse_words(index, words)
    return Exported(
        term_weights(vectors, parameters.k1, parameters.b),
        pd.DataFrame({"word": list(terms), "terms": list(terms.values())}),
    )
