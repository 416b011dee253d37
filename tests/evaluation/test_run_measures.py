"""All measures of a run: means by split, counts, and the command that writes them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.evaluation.run_measures import Reference, measure_run, read_reference
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
    assert found.queries["test"] == (1, 1, 0, 1)
    assert set(found.per_query["qid"]) == {"v", "t1"}
    without = measure_run(RUN, reference, {"validation": 1, "test": 2}, 1)
    assert without.measures["test"]["loss"] is None


def test_test_queries_are_measured_by_whether_their_documents_were_seen() -> None:
    """t asks for seen s1, s2 and unseen u: u, x, s1 is x, s1 among the seen and u, x else."""
    qrels = pd.DataFrame(
        [("t", "s1", 1), ("t", "s2", 1), ("t", "u", 1), ("o", "s1", 1), ("v", "u", 1)],
        columns=["qid", "docid", "grade"],
    )
    scores = [("t", "u", 3), ("t", "x", 2), ("t", "s1", 1), ("v", "u", 1)]
    run = ranked(pd.DataFrame(scores, columns=["qid", "docid", "score"]))
    topk = pd.DataFrame([("t", "x", 1)], columns=["qid", "docid", "rank"])
    split_of = {"v": "validation", "t": "test", "o": "test"}
    reference = Reference(split_of, qrels, topk, frozenset({"s1", "s2"}))
    found = measure_run(run, reference, {"validation": 1, "test": 1}, 1, dense=run)
    assert found.measures["test-seen"]["MAP"] == pytest.approx((1 / 2 / 2 + 0) / 2)  # o has no list
    assert found.measures["test-unseen"]["MAP"] == 1
    assert found.measures["test"]["MAP"] == pytest.approx((1 + 2 / 3) / 3 / 2)
    assert found.queries["test"] == (2, 0, 1, 4)
    assert found.queries["test-seen"] == (2, 0, 1, 3)
    assert found.queries["test-unseen"] == (1, 1, 0, 1)
    assert found.measures["test"]["RBO"] == 1
    for name in ("loss", "RBO", "BM25-MAP", "BM25-R@1000"):
        assert found.measures["test-seen"][name] is found.measures["test-unseen"][name] is None
    splits = found.per_query.groupby("split")["qid"].agg(set).to_dict()
    assert splits == {
        "validation": {"v"},
        "test": {"t", "o"},
        "test-seen": {"t", "o"},
        "test-unseen": {"t"},
    }
    nothing_seen = measure_run(run, reference._replace(seen=frozenset()), {"test": 1}, 1)
    assert list(nothing_seen.measures) == ["test"]


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
    write_run(RUN, collection / "dense.trec.gz", "t")
    given = ["--dense", collection / "dense.trec.gz"]
    given += ["--outputs", collection / "outputs.parquet", "--lists", '{"k": 1, "batch_size": 2}']
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
    assert set(report["inputs"]) == {"run", "outputs", "dense", "queries", "qrels", "topk"}
    assert (report["study"]["k"], report["study"]["batch_size"]) == (1, 2)
    assert report["study"]["validation"]["MAP-published"] == 1
    assert report["measures"]["test"]["RBO"] == 1
    assert report["queries"]["test-seen"]["relevant"] == 2  # a, which the training query judges, too
    assert report["queries"]["test-unseen"]["relevant"] == 0
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
