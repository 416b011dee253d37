"""Reference rankings: of validation and test queries, reproducible, as the commands write them."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd

from dsi.evaluation.runs import random_run, read_run
from dsi.ranking.references import write_bm25_run, write_random_run
from tests.conftest import DOCIDS, DOCUMENTS

Command = Callable[..., CompletedProcess[str]]
QUERIES = pd.DataFrame({"qid": ["q1", "q2", "q3"], "split": ["train", "test", "validation"]})


def test_bm25s_run_has_its_lists_of_evaluated_queries(tmp_path: Path) -> None:
    rows = [("q1", 1, "a", 3.0), ("q2", 1, "b", 2.0), ("q2", 2, "a", 1.5)]
    topk = pd.DataFrame(rows, columns=["qid", "rank", "docid", "score"])
    write_bm25_run(QUERIES, topk, tmp_path / "run.gz")
    assert list(read_run(tmp_path / "run.gz").itertuples(index=False, name=None)) == rows[1:]


def test_a_random_run_has_some_documents_of_every_evaluated_query(tmp_path: Path) -> None:
    write_random_run(QUERIES, DOCUMENTS, 10, 7, tmp_path / "run.gz")
    run = read_run(tmp_path / "run.gz")
    expected = random_run(["q2", "q3"], DOCIDS, 10, np.random.default_rng(7))
    assert list(run["qid"]) == ["q2"] * 10 + ["q3"] * 10
    assert list(run["docid"]) == list(expected["docid"])


def test_the_command_writes_the_same(command: Command, tmp_path: Path) -> None:
    QUERIES.to_parquet(tmp_path / "queries.parquet")
    DOCUMENTS.to_parquet(tmp_path / "documents.parquet")
    inputs = ("--queries", tmp_path / "queries.parquet", "--documents", tmp_path / "documents.parquet")
    options = ("--depth", 10, "--seed", 7, "--run", tmp_path / "one.gz")
    done = command("rank_random", *inputs, *options)
    assert done.returncode == 0, done.stderr
    write_random_run(QUERIES, DOCUMENTS, 10, 7, tmp_path / "other.gz")
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "other.gz").read_bytes()
