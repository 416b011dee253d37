"""Ranking with a checkpoint of any scheme: the exact order, the losses, and the files of both."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base import process
from dsi.docids.identifiers import ATOMIC
from dsi.evaluation.runs import ranked, read_run
from dsi.model import scoring
from dsi.model.checkpoint import Checkpoint, load_checkpoint
from dsi.model.scoring import queries_at_a_time, score_pairs, score_queries
from dsi.ranking.ranker import rank_collection, rank_with_losses, ranking_settings
from dsi.ranking.scores import ScoreRanker
from tests.ranking.studies import DOCIDS, dense

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


@pytest.mark.parametrize("scheme", [ATOMIC, "naive"])
def test_models_compute_on_the_device_that_is_given_or_found(
    study: Path, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = []
    to = torch.nn.Module.to

    def recorded(module: torch.nn.Module, device: Any) -> torch.nn.Module:
        moved.append(device)
        return to(module, device)

    monkeypatch.setattr(T5ForConditionalGeneration, "to", recorded)
    monkeypatch.setattr(process.torch.cuda, "is_available", lambda: True)
    checkpoint = load_checkpoint(dense(study, scheme))
    moved.clear()
    given = torch.device("cpu")
    run, _ = rank_with_losses(checkpoint, QUERIES, RELEVANT, 24, 2, device=given)
    assert {id(device) for device in moved} == {id(given)}
    assert process.compute_device() == torch.device("cuda")
    monkeypatch.undo()
    assert process.compute_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    pd.testing.assert_frame_equal(run, rank_with_losses(checkpoint, QUERIES, RELEVANT, 24, 2)[0])


def test_scores_of_a_batch_of_queries_are_held_at_a_time(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of one query, and all in one, order alike; the batch shrinks as documents grow."""
    checkpoint = load_checkpoint(dense(study, ATOMIC))
    whole, losses = rank_with_losses(checkpoint, QUERIES, RELEVANT, 3, None)
    held = []
    rank = ScoreRanker.rank

    def recorded(ranker: ScoreRanker, scores: np.ndarray, *rest: Any) -> pd.DataFrame:
        held.append(scores.shape)
        return rank(ranker, scores, *rest)

    monkeypatch.setattr(ScoreRanker, "rank", recorded)
    monkeypatch.setattr(scoring, "SCORES", 5)
    apart, same = rank_with_losses(checkpoint, QUERIES, RELEVANT, 3, None)
    assert held == [(1, 5)] * 3
    assert apart["docid"].tolist() == whole["docid"].tolist()
    np.testing.assert_allclose(apart["score"], whole["score"], atol=1e-5)
    np.testing.assert_allclose(same["loss"], losses["loss"], atol=1e-5)


def test_no_more_than_a_quarter_of_a_gigabyte_of_scores_is_held() -> None:
    assert [queries_at_a_time(documents) for documents in (1, 5000, 262_144)] == [256] * 3
    assert queries_at_a_time(300_000) == 223
    assert queries_at_a_time(8_841_823) * 8_841_823 * 4 <= 2**28
    assert queries_at_a_time(10**9) == 1


def test_the_evaluated_queries_of_a_collection_are_ranked(study: Path, tmp_path: Path) -> None:
    trained = pd.DataFrame({"qid": ["d"], "text": ["node"], "split": ["train"]})
    pd.concat([QUERIES, trained]).to_parquet(tmp_path / "queries.parquet")
    rows = [(qid, docid, 1) for qid, docids in RELEVANT.items() for docid in docids] + [("c", "lin.inv", 0)]
    pd.DataFrame(rows, columns=["qid", "docid", "grade"]).to_parquet(tmp_path / "qrels.parquet")
    settings = ranking_settings('{"relevance": 1, "depth": 3, "prefixes_at_a_time": 2}')
    paths = (tmp_path / "run.trec.gz", tmp_path / "outputs.parquet")
    rank_collection(dense(study, "naive"), tmp_path, settings, *paths)
    run, losses = rank_with_losses(load_checkpoint(dense(study, "naive")), QUERIES, RELEVANT, 3, 2)
    written = read_run(paths[0])
    assert list(written["docid"]) == list(run["docid"])
    assert written["score"].tolist() == pytest.approx(run["score"].tolist(), abs=1e-5)
    found = pd.read_parquet(paths[1])
    assert found["loss"].tolist() == pytest.approx(losses["loss"].tolist(), rel=1e-5, nan_ok=True)
