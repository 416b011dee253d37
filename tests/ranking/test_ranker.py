"""Ranking with a checkpoint of any scheme: the exact order, the losses, and the command that writes both."""

import math
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest

from dsi.docids.identifiers import ATOMIC
from dsi.evaluation.runs import ranked, read_run
from dsi.model.checkpoint import Checkpoint, load_checkpoint
from dsi.model.scoring import score_pairs, score_queries
from dsi.ranking.ranker import rank_with_losses
from tests.ranking.studies import DOCIDS, dense

Command = Callable[..., CompletedProcess[str]]
QUERIES = pd.DataFrame(
    {
        "qid": ["a", "b", "c"],
        "text": ["graph path", "matrix", "edge"],
        "split": ["test", "validation", "test"],
    }
)
RELEVANT = {"a": {"net.path", "lin.inv", "elsewhere"}, "b": {"lin.rank"}}


def all_scores(checkpoint: Checkpoint) -> np.ndarray:
    """(3, 5) log P, by every pair scored by itself where docids have several tokens."""
    texts = list(QUERIES["text"])
    if checkpoint.identifiers is None:
        return score_queries(checkpoint, texts)
    return np.stack([score_pairs(checkpoint, [text] * 5, range(5)) for text in texts])


@pytest.mark.parametrize("scheme", [ATOMIC, "naive"])
def test_the_order_is_exact_and_losses_are_means_over_the_relevant(study: Path, scheme: str) -> None:
    checkpoint = load_checkpoint(dense(study, scheme))
    run, losses = rank_with_losses(checkpoint, QUERIES, RELEVANT, 24, prefixes_at_a_time=2)
    scores = all_scores(checkpoint)
    frame = pd.DataFrame({"qid": np.repeat(QUERIES["qid"], 5), "docid": DOCIDS * 3, "score": scores.ravel()})
    expected = ranked(frame)
    assert list(run["docid"]) == list(expected["docid"])
    assert run["score"].to_numpy() == pytest.approx(expected["score"].to_numpy(), abs=1e-4)
    assert list(losses["qid"]) == ["a", "b", "c"]
    assert losses["loss"][0] == pytest.approx(-(scores[0, 0] + scores[0, 2]) / 2, rel=1e-5)
    assert losses["loss"][1] == pytest.approx(-scores[1, 3], rel=1e-5)
    assert math.isnan(losses["loss"][2])


def test_the_command_ranks_the_evaluated_queries(command: Command, study: Path, tmp_path: Path) -> None:
    trained = pd.DataFrame({"qid": ["d"], "text": ["node"], "split": ["train"]})
    pd.concat([QUERIES, trained]).to_parquet(tmp_path / "queries.parquet")
    rows = [(qid, docid, 1) for qid, docids in RELEVANT.items() for docid in docids] + [("c", "lin.inv", 0)]
    pd.DataFrame(rows, columns=["qid", "docid", "grade"]).to_parquet(tmp_path / "qrels.parquet")
    inputs = ("--queries", tmp_path / "queries.parquet", "--qrels", tmp_path / "qrels.parquet")
    options = ("--relevance", 1, "--depth", 3, "--prefixes-at-a-time", 2, "--threads", 1)
    outputs = ("--run", tmp_path / "run.trec.gz", "--outputs", tmp_path / "outputs.parquet")
    done = command("rank", dense(study, "naive"), *inputs, *options, *outputs)
    assert done.returncode == 0, done.stderr
    run, losses = rank_with_losses(load_checkpoint(dense(study, "naive")), QUERIES, RELEVANT, 3, 2)
    written = read_run(tmp_path / "run.trec.gz")
    assert list(written["docid"]) == list(run["docid"])
    assert written["score"].tolist() == pytest.approx(run["score"].tolist(), abs=1e-5)
    found = pd.read_parquet(tmp_path / "outputs.parquet")
    assert found["loss"].tolist() == pytest.approx(losses["loss"].tolist(), rel=1e-5, nan_ok=True)


def test_a_folder_without_a_checkpoint_is_a_message(command: Command, tmp_path: Path) -> None:
    inputs = ("--queries", tmp_path / "q", "--qrels", tmp_path / "r", "--relevance", 1, "--depth", 3)
    outputs = ("--run", tmp_path / "run", "--outputs", tmp_path / "outputs", "--threads", 1)
    done = command("rank", tmp_path, *inputs, *outputs)
    assert done.returncode == 1
    assert "expected a checkpoint folder such as" in done.stderr
    assert "Traceback" not in done.stderr
