"""Vectors of documents: latent semantic analysis, a file, a model of another package."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dsi.docids.embeddings import (
    check_vectors,
    embed_documents,
    given_vectors,
    lsa_vectors,
    sentence_vectors,
)
from dsi.docids.identifiers import DocidError
from tests.docids.conftest import documents


def test_documents_of_the_same_words_are_near() -> None:
    texts = ["graph node edge", "matrix inverse", "edge of a graph", "inverse of a matrix", "…"]
    vectors = lsa_vectors(texts, seed=1)
    likeness = vectors @ vectors.T
    assert likeness[0, 2] > 0.5 > 0.1 > abs(likeness[0, 1])
    assert likeness[1, 3] > 0.5 > 0.1 > abs(likeness[2, 1])
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 1, 0], atol=1e-5)


@pytest.mark.parametrize("texts", [["", "…"], ["one"], ["one", "one"], ["a b c"] * 3])
def test_collections_too_small_for_a_decomposition(texts: list[str]) -> None:
    assert lsa_vectors(texts, seed=1).shape[0] == len(texts)


def test_given_vectors_are_found_by_docid() -> None:
    frame = pd.DataFrame({"docid": ["b", "x", "a"], "vector": [[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]})
    assert given_vectors(frame, ["a", "b"], "e.parquet").tolist() == [[3, 4], [1, 2]]
    with pytest.raises(DocidError, match=r"e\.parquet: no vector of 1 of 2 documents, for example 'c'"):
        given_vectors(frame, ["a", "c"], "e.parquet")
    passages = pd.DataFrame({"docid": ["a", "a"], "vector": [[1.0], [2.0]]})
    with pytest.raises(DocidError, match=r"e\.parquet: found docid 'a' twice"):
        given_vectors(passages, ["a"], "e.parquet")
    ragged = pd.DataFrame({"docid": ["a", "b"], "vector": [[1.0, 2.0], [1.0]]})
    with pytest.raises(DocidError, match="the vector of 'b' has 1 numbers; expected 2, as that of 'a'"):
        given_vectors(ragged, ["a", "b"], "e.parquet")
    with pytest.raises(DocidError, match=r"e\.parquet: found columns \['docid'\]"):
        given_vectors(frame[["docid"]], ["a"], "e.parquet")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(DocidError, match="needs the package sentence-transformers"):
        sentence_vectors(["a"], "all-MiniLM-L6-v2")


def test_the_source_is_told_by_its_name(tmp_path: Path) -> None:
    names = documents("a", "b")
    np.testing.assert_array_equal(embed_documents(names, "lsa", 1), lsa_vectors(list(names["text"]), 1))
    path = tmp_path / "e.parquet"
    pd.DataFrame({"docid": ["b", "a"], "vector": [[1.0], [2.0]]}).to_parquet(path)
    assert embed_documents(names, str(path), 1).tolist() == [[2], [1]]


def test_vectors_are_one_a_document_and_finite() -> None:
    check_vectors(documents("a", "b"), np.zeros((2, 1), np.float32))
    with pytest.raises(DocidError, match="found 1 vectors; expected one for each of 2"):
        check_vectors(documents("a", "b"), np.zeros((1, 1), np.float32))
    with pytest.raises(DocidError, match="the vector of docid 'b' holds NaN or infinity"):
        check_vectors(documents("a", "b"), np.array([[0], [np.inf]], np.float32))
