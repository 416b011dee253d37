"""Collections that a package knows by name: what is had, and what is said of what is not."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from dsi.base.lines import FileFormatError
from dsi.collection import datasets
from dsi.collection.datasets import CatalogueError
from dsi.collection.files import Document, sorted_documents
from dsi.collection.sources import CollectionSource, documents_of
from tests.collection.conftest import write

Java = Callable[..., Any]


@pytest.mark.parametrize("function", [datasets.pyserini_topics, datasets.pyserini_qrels])
def test_a_name_that_pyserini_lacks_is_answered_with_near_ones(java: Java, function: Java) -> None:
    with pytest.raises(
        CatalogueError,
        match=r"found no .* 'msmarco-passage-dev-subst' of Pyserini, .* names, "
        r"for example msmarco-passage-dev-subset",
    ):
        java(function, "msmarco-passage-dev-subst")


def pyserini_at_home(home: str) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Topics and judgements by name where Pyserini's cache holds them, and the message where it does not."""
    os.environ["JAVA_TOOL_OPTIONS"] = f"-Duser.home={home} -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9"
    name = "msmarco-passage-dev-subset"
    topics, qrels = datasets.pyserini_topics(name), datasets.pyserini_qrels(name)
    try:
        datasets.pyserini_topics("dl19-passage")
    except CatalogueError as error:
        return topics, qrels, str(error)
    return topics, qrels, ""


def test_topics_and_qrels_by_pyserinis_name(tmp_path: Path) -> None:
    cache = tmp_path / ".cache/pyserini/topics-and-qrels"
    cache.mkdir(parents=True)
    write(cache, "1048585\twhat is\n2\t Androgen  receptor\n", "topics.msmarco-passage.dev-subset.txt")
    write(cache, "2\t0\t4339068\t1\n", "qrels.msmarco-passage.dev-subset.txt")
    # A process of its own: the JVM reads its options once, when it starts.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        topics, qrels, message = process.submit(pyserini_at_home, str(tmp_path)).result()
    assert dict(zip(topics["qid"], topics["text"], strict=True)) == {
        "2": "Androgen receptor",
        "1048585": "what is",
    }
    assert qrels.to_dict("list") == {"qid": ["2"], "docid": ["4339068"], "grade": [1]}
    assert message.startswith("topics 'dl19-passage' of Pyserini: cannot be downloaded (")
    assert "or put topics.dl19-passage.txt into ~/.cache/pyserini/topics-and-qrels, or name a file" in message
    assert "\n" not in message


def test_a_dataset_of_ir_datasets(tmp_path: Path) -> None:
    ir_datasets = pytest.importorskip("ir_datasets", reason="the package ir_datasets is not installed")
    dataset = ir_datasets.create_dataset(
        docs_tsv=str(write(tmp_path, "d2\ttwo\nd1\tone\n", "docs.tsv")),
        queries_tsv=str(write(tmp_path, "q2\twhat  is two\nq1\tone\n", "queries.tsv")),
        qrels_trec=str(write(tmp_path, "q2 0 d2 1\n", "qrels.txt")),
    )
    ir_datasets.registry.register("dsi-tests/small", dataset)
    assert list(datasets.dataset_documents("dsi-tests/small")) == [
        Document("d2", "two", 1),
        Document("d1", "one", 2),
    ]
    topics = datasets.dataset_topics("dsi-tests/small")
    assert topics.to_dict("list") == {"qid": ["q2", "q1"], "text": ["what is two", "one"]}
    qrels = datasets.dataset_qrels("dsi-tests/small")
    assert qrels.to_dict("list") == {"qid": ["q2"], "docid": ["d2"], "grade": [1]}
    with pytest.raises(
        CatalogueError, match=r"found no dataset 'dsi-tests/smal' in ir_datasets, .* dsi-tests/small"
    ):
        datasets.dataset_topics("dsi-tests/smal")
    ir_datasets.registry.register("dsi-tests/documents", ir_datasets.create_dataset(docs_tsv="absent.tsv"))
    with pytest.raises(CatalogueError, match=r"dataset 'dsi-tests/documents' has no queries"):
        datasets.dataset_topics("dsi-tests/documents")
    with pytest.raises(
        CatalogueError, match=r"'dsi-tests/documents': its docs cannot be downloaded \(.*; connect"
    ):
        list(datasets.dataset_documents("dsi-tests/documents"))


def test_ids_and_missing_titles_of_a_dataset_are_checked_as_those_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ir_datasets = pytest.importorskip("ir_datasets", reason="the package ir_datasets is not installed")
    dataset = ir_datasets.create_dataset(
        docs_tsv=str(write(tmp_path, "d 1\tone\n", "docs.tsv")),
        queries_tsv=str(write(tmp_path, "1\tone\nq 2\ttwo\n", "queries.tsv")),
    )
    ir_datasets.registry.register("dsi-tests/blanks", dataset)
    corpus = documents_of(CollectionSource(ir_datasets="dsi-tests/blanks"), tmp_path)
    with pytest.raises(
        FileFormatError, match=r"dsi-tests/blanks, document 1: found the docid 'd 1', expected"
    ):
        list(sorted_documents(*corpus))
    with pytest.raises(
        FileFormatError, match=r"'dsi-tests/blanks', query 2: found the topic 'q 2', expected"
    ):
        datasets.dataset_topics("dsi-tests/blanks")

    class Untitled(NamedTuple):
        doc_id: str
        title: str | None
        text: str

    class Dataset:
        def has(self, kind: str) -> bool:
            return True

        def docs_iter(self) -> list[Untitled]:
            return [Untitled("d1", None, "one")]

    monkeypatch.setattr(ir_datasets, "load", lambda name: Dataset())
    assert list(datasets.dataset_documents("dsi-tests/untitled")) == [Document("d1", "one", 1)]


def test_ir_datasets_is_named_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_datasets", None)
    with pytest.raises(CatalogueError, match=r"dataset 'x': the package ir_datasets is not installed; `pip"):
        datasets.dataset_qrels("x")
