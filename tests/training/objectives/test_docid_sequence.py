"""The objective of docids of several tokens: what it is trained on, and that it ranks as it was measured."""

import math
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.runs import ranked
from dsi.model.checkpoint import load_checkpoint, save_checkpoint
from dsi.model.scoring import IGNORED, score_pairs
from dsi.ranking.ranker import rank_with_losses
from dsi.ranking.scores import measures_of_scores
from dsi.training.loop import train
from dsi.training.objectives import examples as examples_module
from dsi.training.objectives.docid_sequence import draw_columns
from dsi.training.objectives.examples import Batch
from dsi.training.retriever import Retriever
from dsi.training.start import Start
from tests.conftest import DOCIDS, MAX_TOKENS
from tests.training.conftest import PHASE, docids_of, sequence_objective, sequence_start


def test_a_draw_follows_the_distribution() -> None:
    target = np.array([0.5, 0.0, 0.2, 0.3], dtype=np.float32)
    shares = np.bincount(draw_columns(target, 20_000, random.Random(1)), minlength=4) / 20_000
    assert shares == pytest.approx([0.5, 0, 0.2, 0.3], abs=0.015)  # four standard errors
    assert shares[1] == 0


def test_without_a_teacher_every_document_is_its_own_target(tokenizer_folder: Path) -> None:
    checkpoint = sequence_start("semantic", tokenizer_folder)
    assert checkpoint.identifiers is not None
    objective = sequence_objective(checkpoint, tokenizer_folder, teacher_weight=0.0)
    labels = [
        tuple(token for token in row if token != IGNORED)
        for batch in objective.batches(1)
        for row in batch.targets[:, 0].tolist()
    ]
    assert len(labels) == objective.examples == 24 * 2 + 12  # 12 of 60 are a fifth
    counts = [labels.count(tuple(identifier)) for identifier in checkpoint.identifiers]
    assert sum(counts) == 60
    # One of its relevant documents each time a training query is drawn, both in turn.
    assert counts[3] + counts[6] == 4 + 12
    assert min(counts[3], counts[6]) > 2
    assert {count for document, count in enumerate(counts) if document not in (3, 6)} == {2}


def test_epochs_differ_and_are_reproducible(tokenizer_folder: Path) -> None:
    checkpoint = sequence_start("naive", tokenizer_folder)
    drawn = [
        [batch.targets.tolist() for batch in sequence_objective(checkpoint, tokenizer_folder).batches(epoch)]
        for epoch in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("scheme", ["naive", "semantic"])
def test_a_trained_retriever_is_saved_and_ranks_as_it_was_validated(
    tokenizer_folder: Path, tmp_path: Path, scheme: str
) -> None:
    checkpoint = sequence_start(scheme, tokenizer_folder)
    objective = sequence_objective(checkpoint, tokenizer_folder)
    history, _ = train(
        Retriever(Start(checkpoint.model), PHASE._replace(epochs=6), objective), tmp_path / "s"
    )
    assert history["train_loss"].iloc[-1] < 0.8 * history["train_loss"].iloc[0]
    assert history.notna().all().all()

    described = {"task": "docid", "scheme": scheme, "max_tokens": MAX_TOKENS}
    docids = docids_of(scheme, tokenizer_folder)
    save_checkpoint(checkpoint.model, tokenizer_folder, docids, tmp_path, described)
    loaded = load_checkpoint(tmp_path)
    assert loaded.identifiers == checkpoint.identifiers
    queries = pd.DataFrame({"qid": ["a", "b", "c"], "text": ["matrix trace", "normal seed", "edge"]})
    relevant = {"a": {"doc1", "doc4", "elsewhere"}, "b": {"doc2"}}
    run, losses = rank_with_losses(loaded, queries, relevant, 24, 5)
    assert list(losses["qid"]) == ["a", "b", "c"]
    assert losses["loss"].iloc[:2].mean() == pytest.approx(history["validation_loss"].iloc[-1], rel=1e-5)
    assert math.isnan(losses["loss"].iloc[2])

    # Against every pair scored by itself.
    scores = np.stack([score_pairs(loaded, [text] * 24, range(24)) for text in queries["text"]])
    expected = ranked(
        pd.DataFrame({"qid": np.repeat(queries["qid"], 24), "docid": DOCIDS * 3, "score": scores.ravel()})
    )
    assert run["score"].to_numpy() == pytest.approx(expected["score"].to_numpy(), abs=1e-4)
    assert run.groupby("qid")["docid"].nunique().eq(24).all()
    measured = measures_of_scores(scores[:2], [(1, 4), (2,)])["MAP"]
    assert measured == pytest.approx(history["validation_MAP"].iloc[-1])


def test_draws_are_those_of_the_targets_repeated(tokenizer_folder: Path) -> None:
    """Drawn row by row they are what one draw from each of the repeated rows gave."""
    rows = np.random.default_rng(1).dirichlet(np.full(50, 0.1), size=40).astype(np.float32)
    rng = random.Random(7)
    repeated = np.repeat(rows, 4, axis=0)
    sums = np.cumsum(repeated, axis=1, dtype=np.float64)
    wanted = np.array([rng.random() for _ in repeated]) * sums[:, -1]
    expected = (sums > wanted[:, None]).argmax(axis=1).tolist()
    rng = random.Random(7)
    assert [column for row in rows for column in draw_columns(row, 4, rng)] == expected


def test_a_draw_of_the_whole_sum_has_a_probability() -> None:
    class Highest(random.Random):
        def random(self) -> float:
            return 1.0

    assert draw_columns(np.array([0.0, 0.4, 0.6, 0.0], dtype=np.float32), 1, Highest()) == [2]


def test_targets_are_made_in_blocks(tokenizer_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The labels are the same however few targets are held at a time."""
    checkpoint = sequence_start("naive", tokenizer_folder)
    labels = []
    for cells in (2**24, 3 * 24, 1):
        monkeypatch.setattr(examples_module, "CELLS", cells)
        objective = sequence_objective(checkpoint, tokenizer_folder)
        labels.append([batch.targets.tolist() for batch in objective.batches(1)])
    assert labels[0] == labels[1] == labels[2]


def test_a_step_never_waits_for_the_device(tokenizer_folder: Path) -> None:
    checkpoint = sequence_start("naive", tokenizer_folder)
    objective = sequence_objective(checkpoint, tokenizer_folder)
    batch = next(objective.batches(1))
    model = checkpoint.model.to("meta")
    assert objective.loss(model, Batch(*(tensor.to("meta") for tensor in batch))).shape == ()
