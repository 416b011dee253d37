"""Collections: corpora read with every fault named, splits, scope, and named collections."""

import gzip
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from collection.collect_topics import check_judged, published
from collection.scope_documents import selected
from dsi.base.command import UserError
from dsi.base.lines import FileFormatError
from dsi.bm25 import lucene
from dsi.collection import datasets as catalogues
from dsi.collection.datasets import CatalogueError
from dsi.collection.files import ROWS, Document, read_corpus, sorted_documents, write_documents
from dsi.collection.splits import (
    SplitError,
    SplitMethod,
    published_splits,
    scope,
    split_queries,
    train_test_positions,
)

Java = Callable[..., Any]
FRACTIONS = {"train": 0.7, "validation": 0.1, "test": 0.2}
CORPUS = """{"id": "d2", "contents": "two\x85lines"}\r
{"_id": "d10", "title": "Ten", "text": "words", "metadata": {}}

{"_id": 1, "title": "", "text": "no title"}
"""


def write(folder: Path, text: str | bytes, name: str = "corpus.jsonl") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def documents(path: Path) -> pd.DataFrame:
    """The documents that collect_files.py would write."""
    output = path.with_suffix(".parquet")
    write_documents(sorted_documents(read_corpus(path), str(path)), output)
    return pd.read_parquet(output)


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines_of_both_forms_sorted_by_docid(tmp_path: Path, packed: bool) -> None:
    data = CORPUS.encode()
    frame = documents(write(tmp_path, gzip.compress(data) if packed else data))
    # U+0085 is a line break to str.splitlines and occurs inside MS MARCO's passages.
    assert frame.to_dict("list") == {
        "docid": ["1", "d10", "d2"],
        "text": ["no title", "Ten words", "two\x85lines"],
    }
    assert frame.dtypes.equals(pd.DataFrame({"docid": ["x"], "text": ["y"]}).dtypes)


def test_tab_separated_documents_keep_further_tabs(tmp_path: Path) -> None:
    frame = documents(write(tmp_path, "\ufeffb\ttwo\twords\na\t\n", "corpus.tsv"))
    assert frame.to_dict("list") == {"docid": ["a", "b"], "text": ["", "two\twords"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "a", "contents": "x"}\n{"contents": "y"}\n', r"line 2: found the keys 'contents' without"),
        ('{"id": null, "contents": "x"}\n', r"line 1: found the keys 'id', 'contents' without a docid"),
        ('{"id": "a", "contents": "x"}\n\n{"id": "b"\n', r"line 3: found no JSON in `\{\"id\": \"b\"`"),
        ('{"id": "a"}\n', r"line 1: found the keys 'id' and no text, expected lines like"),
        ('{"id": "a", "contents": ["x"]}\n', r"line 1: found the keys 'id', 'contents' and no text"),
        ('{"id": "a", "contents": "x"}\n[]\n', r"line 2: found `\[\]`, expected lines like"),
        ('{"id": "a b", "contents": "x"}\n', r"line 1: found the docid 'a b', expected one without white"),
        ("a\tx\nb x\n", r"corpus\.jsonl, line 2: found no tab in `b x`, expected lines like"),
        ("\tx\n", r"line 1: found the docid '', expected"),
        ("b\t1\na\t2\nb\t3\na\t4\nb\t5\n", r"line 3: found docid 'b' again, first on line 1; expected"),
        (b"a\tx\nb\tcaf\xe9\n", r"line 2: found byte 0xe9 at column 6, expected UTF-8"),
        ("\n \n", r"corpus\.jsonl: found no document, expected lines like"),
        (gzip.compress(b"a\tx\n" * 9, mtime=0)[:-6], r"corpus\.jsonl: found a damaged gzip file"),
    ],
)
def test_faulty_corpora_are_named(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(FileFormatError, match=message):
        documents(write(tmp_path, content))
    assert not list(tmp_path.glob("*.parquet"))


def test_a_corpus_of_several_batches_is_whole_and_sorted(tmp_path: Path) -> None:
    count = ROWS + 7
    found = sorted_documents((Document(str(n), f"text {n}", n) for n in range(count)), "numbers")
    assert write_documents(found, tmp_path / "documents.parquet") == count
    frame = pd.read_parquet(tmp_path / "documents.parquet")
    assert list(frame["docid"]) == sorted(str(n) for n in range(count))
    assert (frame["text"] == "text " + frame["docid"]).all()


def queries(count: int) -> pd.DataFrame:
    return pd.DataFrame({"qid": [f"q{n}" for n in range(count)], "text": "x"})


def test_the_studys_split_is_scikit_learns_in_its_order() -> None:
    from sklearn.model_selection import train_test_split

    whole = queries(6980)
    rest, test = train_test_split(whole, test_size=0.2, random_state=42)
    train, validation = train_test_split(rest, test_size=0.125, random_state=42)
    found = split_queries(whole, FRACTIONS, 42, SplitMethod.TRAIN_TEST_SPLIT)
    assert list(found["qid"]) == [*train["qid"], *validation["qid"], *test["qid"]]
    assert list(found["split"]) == ["train"] * 4886 + ["validation"] * 698 + ["test"] * 1396


@pytest.mark.parametrize(
    ("fractions", "sizes"),
    [((0, 0, 1), (0, 0, 10)), ((0, 0.5, 0.5), (0, 5, 5)), ((0.8, 0, 0.2), (8, 0, 2))],
)
def test_splits_may_be_empty(fractions: tuple[float, ...], sizes: tuple[int, ...]) -> None:
    drawn = train_test_positions(10, dict(zip(FRACTIONS, fractions, strict=True)), 42)
    assert tuple(len(drawn[name]) for name in FRACTIONS) == sizes
    assert sorted(position for part in drawn.values() for position in part) == list(range(10))


def test_too_few_queries_to_split_are_refused() -> None:
    with pytest.raises(SplitError, match=r"found 1 queries, too few to draw test from"):
        train_test_positions(1, FRACTIONS, 42)


def test_a_permutation_keeps_the_order_of_the_queries() -> None:
    found = split_queries(queries(10), FRACTIONS, 42, SplitMethod.PERMUTATION)
    assert list(found["qid"]) == list(queries(10)["qid"])
    assert found["split"].value_counts().to_dict() == {"train": 7, "test": 2, "validation": 1}


def test_published_splits_share_no_query() -> None:
    parts = {"test": queries(2), "train": queries(4).iloc[2:]}
    assert list(published_splits(parts)["split"]) == ["train", "train", "test", "test"]
    with pytest.raises(SplitError, match=r"found topic 'q1' in the splits train and test, as 1 of 5 topics"):
        published_splits({"test": queries(2), "train": queries(4).iloc[1:]})


def test_splits_may_name_one_file_of_judgements(tmp_path: Path) -> None:
    qrels = {"path": str(write(tmp_path, "1 0 a 1\n2 0 a 2\n3 0 b 1\n", "qrels.txt"))}
    train = {"path": str(write(tmp_path, "1\tgraph\n", "train.tsv"))}
    test = {"path": str(write(tmp_path, "2\tnode\n4\tedge\n", "test.tsv"))}
    sources = {"test": {"topics": test, "qrels": qrels}, "train": {"topics": train, "qrels": qrels}}
    found = published({"splits": sources}, tmp_path)
    assert list(found.queries["qid"]) == ["1", "2", "4"]
    assert sorted(found.qrels["qid"]) == ["1", "2"]
    assert found.origin == qrels["path"]


def test_judgements_of_other_topics_are_refused() -> None:
    qrels = pd.DataFrame({"qid": ["x1"], "docid": ["a"], "grade": [1]})
    with pytest.raises(UserError, match=r"qrels\.txt: none of the 2 topics is judged .* 'q0', .* 'x1'\)"):
        check_judged(queries(2), qrels, "qrels.txt")


def test_a_scope_keeps_judged_documents_and_a_sample_of_the_others(tmp_path: Path) -> None:
    docids = pd.Series([f"d{n}" for n in range(100)])
    kept = scope(docids, {"d3", "d70", "absent"}, sample=10, seed=42)
    assert kept.sum() == 12
    assert kept[[3, 70]].all()
    assert (kept == scope(docids, {"d3", "d70"}, 10, 42)).all()
    assert (kept != scope(docids, {"d3", "d70"}, 10, 43)).any()
    assert scope(docids, set(), sample=1000, seed=42).all()
    pd.DataFrame({"docid": docids, "text": "x"}).to_parquet(tmp_path / "all.parquet")
    write_documents(selected(tmp_path / "all.parquet", kept), tmp_path / "kept.parquet")
    assert list(pd.read_parquet(tmp_path / "kept.parquet")["docid"]) == list(docids[np.flatnonzero(kept)])


@pytest.mark.parametrize("function", [catalogues.pyserini_topics, catalogues.pyserini_qrels])
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
    topics, qrels = catalogues.pyserini_topics(name), catalogues.pyserini_qrels(name)
    try:
        catalogues.pyserini_topics("dl19-passage")
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
    assert list(catalogues.dataset_documents("dsi-tests/small")) == [
        Document("d2", "two", 1),
        Document("d1", "one", 2),
    ]
    topics = catalogues.dataset_topics("dsi-tests/small")
    assert topics.to_dict("list") == {"qid": ["q2", "q1"], "text": ["what is two", "one"]}
    qrels = catalogues.dataset_qrels("dsi-tests/small")
    assert qrels.to_dict("list") == {"qid": ["q2"], "docid": ["d2"], "grade": [1]}
    with pytest.raises(
        CatalogueError, match=r"found no dataset 'dsi-tests/smal' in ir_datasets, .* dsi-tests/small"
    ):
        catalogues.dataset_topics("dsi-tests/smal")
    ir_datasets.registry.register("dsi-tests/documents", ir_datasets.create_dataset(docs_tsv="absent.tsv"))
    with pytest.raises(CatalogueError, match=r"dataset 'dsi-tests/documents' has no queries"):
        catalogues.dataset_topics("dsi-tests/documents")
    with pytest.raises(
        CatalogueError, match=r"'dsi-tests/documents': its docs cannot be downloaded \(.*; connect"
    ):
        list(catalogues.dataset_documents("dsi-tests/documents"))


def test_ir_datasets_is_named_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_datasets", None)
    with pytest.raises(CatalogueError, match=r"dataset 'x': the package ir_datasets is not installed; `pip"):
        catalogues.dataset_qrels("x")


def test_nfcorpus_from_files_has_the_published_bm25_quality(java: Java, tmp_path: Path) -> None:
    """nDCG@10 0.3320 over 323 queries, by Pyserini on the same files (k1 0.9, b 0.4)."""
    data = os.environ.get("DSI_TEST_DATA")
    if not data:
        pytest.skip("DSI_TEST_DATA names no folder of test collections")
    from dsi.evaluation.measures import as_judgements, as_rankings, qrels_measures

    folder = Path(data) / "nfcorpus"
    judged = {"topics": {"path": f"{folder}/topics.tsv"}, "qrels": {"path": f"{folder}/qrels.txt"}}
    test = published({"splits": {"test": judged}}, tmp_path)
    path = tmp_path / "documents.parquet"
    assert write_documents(sorted_documents(read_corpus(folder / "corpus.jsonl"), "nfcorpus"), path) == 3395
    java(lucene.build_index, pd.read_parquet(path), tmp_path / "index")
    run = java(lucene.search_bm25, tmp_path / "index", test.queries, 0.9, 0.4, 1000)
    values = qrels_measures(as_rankings(run), as_judgements(test.qrels), threshold=1)
    ndcg = values[values["measure"] == "nDCG@10"]["value"]
    # Queries that match no document count as 0.
    assert ndcg.sum() / 323 == pytest.approx(0.3320, abs=5e-5)
