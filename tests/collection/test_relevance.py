"""Which judgements count as relevant, where splits share grades and where they do not."""

import json
import subprocess
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.collection.relevance import add_relevance, lowest_grade, relevant_documents, relevant_judgements

SPLITS = {"train": 1, "validation": 1, "test": 2}
QUERIES = pd.DataFrame({"qid": ["a", "b", "c"], "split": ["train", "validation", "test"]})
QRELS = pd.DataFrame(
    [
        ("a", "d1", 1),
        ("b", "d1", 0),
        ("b", "d2", 1),
        ("c", "d1", 1),
        ("c", "d3", 2),
        ("c", "d4", 3),
        ("x", "d1", 3),
    ],
    columns=["qid", "docid", "grade"],
)


def test_one_grade_for_all_splits() -> None:
    assert relevant_documents(QRELS, QUERIES, 1) == {"a": {"d1"}, "b": {"d2"}, "c": {"d1", "d3", "d4"}}
    assert relevant_documents(QRELS, QUERIES, 2) == {"c": {"d3", "d4"}}


def test_each_split_has_its_own_grade() -> None:
    assert relevant_documents(QRELS, QUERIES, SPLITS) == {"a": {"d1"}, "b": {"d2"}, "c": {"d3", "d4"}}
    assert [lowest_grade(SPLITS, split) for split in SPLITS] == [1, 1, 2]


def test_judgements_of_other_queries_do_not_count() -> None:
    assert set(relevant_judgements(QRELS, QUERIES, 1)["qid"]) == {"a", "b", "c"}


def test_option_takes_a_number_or_one_a_split() -> None:
    parser = ArgumentParser()
    add_relevance(parser)
    assert parser.parse_args(["--relevance", "2"]).relevance == 2
    by_split = parser.parse_args(["--relevance", '{"train": 1, "validation": 1, "test": 2}'])
    assert by_split.relevance == SPLITS


@pytest.mark.parametrize(
    "text", ["-1", "two", '{"test": 2}', '{"train": 1, "validation": 1, "test": "2"}', '{"dev": 1}', "[1]"]
)
def test_other_options_are_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    add_relevance(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([f"--relevance={text}"])
    assert "argument --relevance: " in capsys.readouterr().err


def test_evaluation_uses_the_grades_of_each_split(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """b has d2 (grade 1) at rank 2: AP 1/2. c has d1 (grade 1), then d3 (grade 2), never d4: AP 1/4."""
    QUERIES.assign(text="words").to_parquet(tmp_path / "queries.parquet")
    QRELS.to_parquet(tmp_path / "qrels.parquet")
    run = [("b", "d1"), ("b", "d2"), ("c", "d1"), ("c", "d3")]
    pd.DataFrame([(qid, docid, 1) for qid, docid in run], columns=["qid", "docid", "rank"]).to_parquet(
        tmp_path / "topk.parquet"
    )
    lines = [f"{qid} Q0 {docid} {1 + place % 2} {-place} t" for place, (qid, docid) in enumerate(run)]
    (tmp_path / "run.trec").write_text("\n".join(lines) + "\n")
    options = ["--run", tmp_path / "run.trec", "--system", "bm25", "--agreement-k", 1]
    options += ["--collection", tmp_path, "--relevance", json.dumps(SPLITS)]
    options += ["--output", tmp_path / "out.json", "--per-query", tmp_path / "out.parquet"]
    done = command("evaluate", *options)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["measures"]["validation"]["MAP"] == 1 / 2
    assert result["measures"]["test"]["MAP"] == 1 / 4
    assert [result["queries"][split]["evaluated"] for split in ("validation", "test")] == [1, 1]
    assert result["parameters"]["relevance"] == SPLITS
