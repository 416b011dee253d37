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
    JudgedQueries,
    JudgementError,
    check_documents,
    check_judged,
    check_relevant,
    judged_queries,
)
from dsi.collection.origin import Origin
from dsi.collection.splits import SplitError
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
    documents = sorted_documents(read_corpus([folder / "corpus.jsonl"]), Origin("nfcorpus"))
    assert write_documents(documents, path) == 3395
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


def test_splits_that_share_their_topics_have_those_that_their_judgements_are_about(tmp_path: Path) -> None:
    topics = {"path": str(write(tmp_path, "1\tgraph\n2\tnode\n3\tedge\n4\tpath\n", "queries.tsv"))}
    splits = {
        name: {"topics": topics, "qrels": {"path": str(write(tmp_path, qrels, f"{name}.tsv"))}}
        for name, qrels in {"train": "1 0 a 1\n3 0 a 1\n", "test": "2 0 a 1\n"}.items()
    }
    found = judged_queries({"splits": splits}, tmp_path)
    assert found.queries[["qid", "split"]].to_numpy().tolist() == [
        ["1", "train"],
        ["3", "train"],
        ["2", "test"],
    ]
    assert sorted(found.qrels["qid"]) == ["1", "2", "3"]
    splits["train"]["qrels"] = splits["test"]["qrels"]
    with pytest.raises(SplitError, match=r"found topic '2' in the splits train and test"):
        judged_queries({"splits": splits}, tmp_path)


def test_judged_topics_that_are_not_there_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    topics = {"path": str(write(tmp_path, "7\ta\n066\tb\n100\tc\n", "topics.tsv"))}
    qrels = {"path": str(write(tmp_path, "66 0 a 1\n100 0 a 1\n99 0 a 1\n", "qrels.txt"))}
    split = {"method": "permutation", "train": 0, "validation": 0, "test": 1, "seed": 1}
    judged_queries({"topics": topics, "qrels": qrels, "split": split}, tmp_path)
    assert (
        "qrels.txt: 2 of 3 judged topics are not among the topics, for example '66'; yours look like '066'"
        in caplog.text
    )
    with pytest.raises(
        SplitError, match=r"found 3 queries, of which none is for tests \(\{'train': 3\}\); expected"
    ):
        none = {**split, "train": 0.9, "test": 0.1}
        judged_queries({"topics": topics, "qrels": qrels, "split": none}, tmp_path)


def test_what_cannot_be_evaluated_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    queries = pd.DataFrame({"qid": ["1", "2"], "text": ["a", "b"], "split": ["validation", "test"]})
    docids = pd.Series(["a"])

    def check(relevance: int | dict[str, int], *rows: tuple[str, str, int]) -> None:
        qrels = pd.DataFrame(rows, columns=["qid", "docid", "grade"])
        check_relevant(JudgedQueries(queries, qrels, "qrels.txt"), relevance, docids)

    both = ("1", "a", 1), ("2", "a", 2)
    check({"train": 1, "validation": 1, "test": 2}, *both)
    too_high = (
        r"qrels\.txt: the highest grade of the 1 {} judgements is {}, and relevance is {}; expected .*: {}"
    )
    with pytest.raises(JudgementError, match=too_high.format("test", 2, 3, 2)):
        check({"train": 1, "validation": 1, "test": 3}, *both)
    with pytest.raises(JudgementError, match=too_high.format("validation", 1, 2, 1)):
        check(2, *both)
    for unanswered in (both[:1], (both[0], ("2", "a", 0))):
        with pytest.raises(JudgementError, match=r"none of the 1 test queries has a relevant .* '2'"):
            check(1, *unanswered)
    with pytest.raises(JudgementError, match=r"none of the 1 documents that are relevant to a test .* 'x'"):
        check(1, ("1", "a", 1), ("2", "x", 1))
    check(1, ("1", "a", 0), ("2", "a", 1))
    assert "the highest grade of the 1 validation judgements is 0, and relevance is 1" in caplog.text


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
