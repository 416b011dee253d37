"""Queries with their judgements: sources that fit together, and those that do not."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.bm25 import lucene
from dsi.collection.files import read_corpus, sorted_documents, write_documents
from dsi.collection.judged_queries import (
    JudgementError,
    check_documents,
    check_judged,
    judged_queries,
)
from dsi.evaluation.measures import as_judgements, as_rankings, qrels_measures
from tests.collection.conftest import write

Java = Callable[..., Any]


def test_splits_may_name_one_file_of_judgements(tmp_path: Path) -> None:
    qrels = {"path": str(write(tmp_path, "1 0 a 1\n2 0 a 2\n3 0 b 1\n", "qrels.txt"))}
    train = {"path": str(write(tmp_path, "1\tgraph\n", "train.tsv"))}
    test = {"path": str(write(tmp_path, "2\tnode\n4\tedge\n", "test.tsv"))}
    sources = {"test": {"topics": test, "qrels": qrels}, "train": {"topics": train, "qrels": qrels}}
    found = judged_queries({"splits": sources}, tmp_path)
    assert list(found.queries["qid"]) == ["1", "2", "4"]
    assert sorted(found.qrels["qid"]) == ["1", "2"]
    assert found.origin == qrels["path"]


def test_judgements_of_other_topics_are_refused() -> None:
    topics = pd.DataFrame({"qid": ["q0", "q1"]})
    qrels = pd.DataFrame({"qid": ["x1"], "docid": ["a"], "grade": [1]})
    with pytest.raises(JudgementError, match=r"txt: none of the 2 topics is judged .* 'q0', .* 'x1'\)"):
        check_judged(topics, qrels, "qrels.txt")


def test_nfcorpus_from_files_has_the_published_bm25_quality(java: Java, tmp_path: Path) -> None:
    """nDCG@10 0.3320 over 323 queries, by Pyserini on the same files (k1 0.9, b 0.4)."""
    data = os.environ.get("DSI_TEST_DATA")
    if not data:
        pytest.skip("DSI_TEST_DATA names no folder of test collections")
    folder = Path(data) / "nfcorpus"
    judged = {"topics": {"path": f"{folder}/topics.tsv"}, "qrels": {"path": f"{folder}/qrels.txt"}}
    test = judged_queries({"splits": {"test": judged}}, tmp_path)
    path = tmp_path / "documents.parquet"
    assert write_documents(sorted_documents(read_corpus(folder / "corpus.jsonl"), "nfcorpus"), path) == 3395
    java(lucene.build_index, pd.read_parquet(path), tmp_path / "index")
    run = java(lucene.search_bm25, tmp_path / "index", test.queries, 0.9, 0.4, 1000)
    values = qrels_measures(as_rankings(run), as_judgements(test.qrels), threshold=1)
    ndcg = values[values["measure"] == "nDCG@10"]["value"]
    # Queries that match no document count as 0.
    assert ndcg.sum() / 323 == pytest.approx(0.3320, abs=5e-5)


def test_judgements_of_absent_documents_are_reported_and_those_of_another_collection_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    qrels = pd.DataFrame({"qid": ["1", "1"], "docid": ["d1", "x9"], "grade": [1, 1]})
    check_documents(qrels, pd.Series(["d1"]), "qrels.txt")
    assert "1 of 2 judgements are of 1 documents that the collection lacks, for example x9" in caplog.text
    with pytest.raises(JudgementError, match=r"qrels\.txt: none of the 2 judged documents .* 'd1'"):
        check_documents(qrels, pd.Series(["a"]), "qrels.txt")


def test_the_command_writes_queries_and_judgements_or_one_line(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    pd.DataFrame({"docid": ["a"], "text": ["x"]}).to_parquet(tmp_path / "documents.parquet")
    sources = {
        "topics": {"path": str(write(tmp_path, "1\tgraph\n2\tnode\n", "topics.tsv"))},
        "qrels": {"path": str(write(tmp_path, "2 0 a 1\n1 0 a 1\n", "qrels.txt"))},
        "split": {"method": "permutation", "train": 0, "validation": 0, "test": 1, "seed": 42},
    }
    options = ["--documents", tmp_path / "documents.parquet", "--cache", tmp_path]
    options += ["--output", tmp_path / "out"]
    ended = command("collect_topics", "--queries", json.dumps(sources), *options)
    assert ended.returncode == 0, ended.stderr
    queries, qrels = (pd.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("queries", "qrels"))
    assert queries.to_numpy().tolist() == [["1", "graph", "test"], ["2", "node", "test"]]
    assert qrels["qid"].tolist() == ["1", "2"]
    write(tmp_path, "2 0 b 1\n", "qrels.txt")
    ended = command("collect_topics", "--queries", json.dumps(sources), *options)
    assert ended.returncode == 1
    assert "none of the 1 judged documents is in the collection" in ended.stderr.splitlines()[-1]
