"""References without a network, by the command: runs, and what was chosen for them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.base.files import write_json
from dsi.bm25 import lucene
from dsi.evaluation.runs import read_run
from tests.conftest import DOCIDS, DOCUMENTS

Command = Callable[..., subprocess.CompletedProcess[str]]
QUERIES = [
    ("r1", "graph node edge", "train"),
    ("r2", "random seed", "train"),
    ("v", "graph path", "validation"),
    ("t1", "graph edge", "test"),
    ("t2", "seed sample", "test"),
]
QRELS = [("r1", "doc5", 1), ("r1", "lost", 1), ("r2", "doc2", 1), ("v", "doc5", 1), ("t1", "doc0", 1)]


@pytest.fixture(scope="module")
def collection(java: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collection")
    java(lucene.build_index, DOCUMENTS, folder / "index")
    write_json(lucene.index_manifest(folder / "index"), folder / "index/manifest.json")
    queries = pd.DataFrame(QUERIES, columns=["qid", "text", "split"])
    DOCUMENTS.to_parquet(folder / "documents.parquet")
    queries.to_parquet(folder / "queries.parquet")
    pd.DataFrame(QRELS, columns=["qid", "docid", "grade"]).to_parquet(folder / "qrels.parquet")
    java(lucene.search_bm25, folder / "index", queries, 0.9, 0.4, 100).to_parquet(folder / "topk.parquet")
    return folder


def test_the_command_writes_a_run_for_each_and_what_was_chosen(
    collection: Path, command: Command, tmp_path: Path
) -> None:
    names = ["rm3", "bm25-tuned", "lookup", "lookup-bm25"]
    options = ["--index", collection / "index/manifest.json", "--collection", collection, "--relevance", 1]
    options += ["--k1", 0.9, "--b", 0.4, "--depth", 5, "--runs", tmp_path, "--choices", tmp_path / "c.json"]
    done = command("rank_references", "--names", *names, *options)
    assert done.returncode == 0, done.stderr
    runs = {name: read_run(tmp_path / f"{name}.trec.gz") for name in names}
    for run in runs.values():
        assert set(run["qid"]) <= {"v", "t1", "t2"}
        assert set(run["docid"]) <= set(DOCIDS)
        assert run["rank"].max() <= 5
    found = runs["lookup"].groupby("qid")["docid"].agg(list).to_dict()
    assert found == {"v": ["doc5"], "t1": ["doc5"], "t2": ["doc2"]}
    choices = json.loads((tmp_path / "c.json").read_text())
    assert list(choices) == sorted(names)
    assert choices["rm3"] == {"documents": 10, "original": 0.5, "terms": 10}
    assert choices["lookup"] == {"neighbours": 20, "training_queries": 2}
    assert choices["lookup-bm25"]["validation_queries"] == choices["bm25-tuned"]["validation_queries"] == 1
    best = max(trial["map"] for trial in choices["bm25-tuned"]["tried"])
    chosen = {name: choices["bm25-tuned"][name] for name in ("k1", "b")}
    assert {**chosen, "map": best} in choices["bm25-tuned"]["tried"]
