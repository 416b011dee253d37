"""All measures of a run: means by split, counts, and the command that writes them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.evaluation.run_measures import measure_run, read_reference
from dsi.evaluation.runs import ranked, write_run

# Queries v of validation, t1 and t2 of test, r of training. Of t2 nothing is relevant from grade 2 on.
SCORES = [("v", "a", 2), ("v", "b", 1), ("t1", "b", 2), ("t1", "a", 1), ("t2", "a", 1), ("r", "a", 1)]
RUN = ranked(pd.DataFrame(SCORES, columns=["qid", "docid", "score"]))


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    frames = {
        "queries": pd.DataFrame(
            [("r", "train"), ("v", "validation"), ("t1", "test"), ("t2", "test")], columns=["qid", "split"]
        ),
        "qrels": pd.DataFrame(
            [("v", "b", 1), ("t1", "a", 2), ("t2", "a", 1), ("r", "a", 1)], columns=["qid", "docid", "grade"]
        ),
        "topk": pd.DataFrame(
            [("v", 1, "a"), ("t1", 1, "a"), ("t1", 2, "b"), ("r", 1, "a")], columns=["qid", "rank", "docid"]
        ),
    }
    for name, frame in frames.items():
        frame.to_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def test_each_split_has_its_own_grade_and_means(collection: Path) -> None:
    reference = read_reference(collection, ("validation", "test"))
    assert set(reference.qrels["qid"]) == {"v", "t1", "t2"}
    outputs = pd.DataFrame({"qid": ["v", "t1", "t2"], "loss": [0.5, 1.0, None]})
    found = measure_run(RUN, reference, {"validation": 1, "test": 2}, 1, outputs)
    assert found.measures["validation"]["MAP"] == 0.5  # b at rank 2
    assert found.measures["test"]["MAP"] == 0.5  # a at rank 2, of t1 alone
    assert found.measures["test"]["BM25-MAP"] == 0.5  # BM25 has a first
    assert found.measures["test"]["loss"] == 1.0
    assert found.queries["test"] == (1, 1, 0)
    assert set(found.per_query["qid"]) == {"v", "t1"}
    without = measure_run(RUN, reference, {"validation": 1, "test": 2}, 1)
    assert without.measures["test"]["loss"] is None


def test_the_command_writes_the_system_of_the_slug(
    collection: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    write_run(RUN, collection / "run.trec.gz", "t")
    lists = {"k_list": ["a", "b", ""], "full_list": ["a b", "b", ""], "padded_loss": 1.0, "loss": 0.5}
    pd.DataFrame({"qid": ["v", "t1", "t2"], **lists}).to_parquet(collection / "outputs.parquet")
    options = ["--run", collection / "run.trec.gz", "--collection", collection, "--relevance", 1]
    options += ["--agreement-k", 1, "--output", collection / "m.json"]
    options += ["--per-query", collection / "m.per_query.parquet"]
    slug = "pruned/dsi/seed1/magnitude-0.5"
    given = ["--outputs", collection / "outputs.parquet", "--lists", '{"k": 1, "batch_size": 2}']
    done = command("evaluate", *options, *given, "--system", slug)
    assert done.returncode == 0, done.stderr
    report = json.loads((collection / "m.json").read_text())
    assert report["system"] == {
        "arm": "pruned",
        "baseline": "dsi",
        "criterion": "magnitude",
        "rate": 0.5,
        "seed": 1,
    }
    assert report["parameters"] == {"agreement_k": 1, "relevance": 1}
    assert set(report["inputs"]) == {"run", "outputs", "queries", "qrels", "topk"}
    assert (report["study"]["k"], report["study"]["batch_size"]) == (1, 2)
    assert report["study"]["validation"]["MAP-published"] == 1
    values = pd.read_parquet(collection / "m.per_query.parquet")
    assert list(values) == ["qid", "split", "measure", "value"]
    published = values[values["measure"] == "MAP-published"].set_index("qid")
    assert set(published["split"]) == {"validation", "test"}
    of_split = published.groupby("split")["value"].mean()  # one batch a split, so the mean is that of queries
    for split in ("validation", "test"):
        assert of_split[split] == pytest.approx(report["study"][split]["MAP-published"])

    wrong = command("evaluate", *options, "--system", "pruned/dsi")
    assert wrong.returncode == 1
    assert "'pruned/dsi' names no system; expected" in wrong.stderr
