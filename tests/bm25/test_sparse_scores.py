"""Scores of texts over all documents: sums of weights, word by word."""

import numpy as np
import pandas as pd
import pytest

from dsi.bm25.sparse_scores import Bm25Scorer

WEIGHTS = pd.DataFrame(
    [("graph", 0, 1.0, 2.0), ("graph", 2, 0.5, 2.0), ("path", 2, 0.25, 3.0)],
    columns=["term", "document", "weight", "idf"],
)
TERMS = {"graphs": ["graph"], "graph-path": ["graph", "path"], "the": [], "axle": ["axl"]}


def test_repeated_words_count_as_often_as_they_occur() -> None:
    scorer = Bm25Scorer(WEIGHTS, TERMS, documents=4)
    texts = [["graphs", "graphs"], ["graph-path", "graphs"], ["the", "axle", "unheard-of"], []]
    scores = scorer.scores(texts)
    assert scores.dtype == np.float32
    assert scores.tolist() == [[2, 0, 1, 0], [2, 0, 1.25, 0], [0] * 4, [0] * 4]


def test_a_word_is_as_rare_as_its_rarest_term() -> None:
    assert Bm25Scorer(WEIGHTS, TERMS, 4).idf == pytest.approx(
        {"graphs": 2, "graph-path": 3, "the": 0, "axle": 0}
    )


def test_what_matches_is_known_without_scoring_all_documents() -> None:
    scorer = Bm25Scorer(WEIGHTS, TERMS, documents=4)
    texts = [["graphs", "graph-path"], ["the", "axle"], []]
    assert [scorer.matches(words) for words in texts] == [True, False, False]
    assert [scorer.postings(words) for words in texts] == [2 + 2 + 1, 0, 0]
    sparse = scorer.sparse_scores(texts)
    assert sparse.nnz == 2  # documents 0 and 2 of the first text
    assert sparse.toarray().tolist() == scorer.scores(texts).tolist()
