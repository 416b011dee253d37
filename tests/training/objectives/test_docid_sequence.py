"""The objective of docids of several tokens: what it is trained on, and that it ranks as it was measured."""

import math
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from dsi.docids.trie import alphabet, build_trie
from dsi.evaluation.runs import ranked
from dsi.model.checkpoint import load_checkpoint, save_checkpoint
from dsi.model.scoring import IGNORED, identifier_losses, pad_labels, score_pairs
from dsi.ranking.ranker import rank_with_losses
from dsi.ranking.scores import measures_of_scores
from dsi.training.loop import train
from dsi.training.objectives import docid_sequence
from dsi.training.objectives import examples as examples_module
from dsi.training.objectives.docid_sequence import DRAWN, SequenceBatch, draw_columns, next_tokens
from dsi.training.retriever import Retriever
from dsi.training.start import Start
from tests.conftest import DOCIDS, MAX_TOKENS
from tests.training.conftest import PHASE, docids_of, sequence_objective, sequence_start


def test_a_draw_follows_the_distribution() -> None:
    sums = np.array([0.0, 0.5, 0.5, 0.7, 1.0])
    shares = np.bincount(draw_columns(sums, 20_000, random.Random(1)), minlength=4) / 20_000
    assert shares == pytest.approx([0.5, 0, 0.2, 0.3], abs=0.015)  # four standard errors
    assert shares[1] == 0


def test_without_a_teacher_every_document_is_its_own_target(tokenizer_folder: Path) -> None:
    checkpoint = sequence_start("semantic", tokenizer_folder)
    assert checkpoint.identifiers is not None
    objective = sequence_objective(checkpoint, tokenizer_folder, teacher_weight=0.0)
    labels = [
        tuple(token for token in row if token != IGNORED)
        for batch in objective.batches(1)
        for row in batch.labels[:, 0].tolist()
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
        [batch.labels.tolist() for batch in sequence_objective(checkpoint, tokenizer_folder).batches(epoch)]
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


def test_a_draw_of_the_whole_sum_has_a_probability() -> None:
    class Highest(random.Random):
        def random(self) -> float:
            return 1.0

    assert draw_columns(np.array([0.0, 0.0, 0.4, 1.0, 1.0]), 1, Highest()) == [2]


def test_each_prefix_has_the_distribution_of_what_follows_it() -> None:
    """By hand: under 7 lie three documents of which one is a leaf there, and 8 has one child only."""
    trie = build_trie([[8, 1], [7, 1, 3], [7, 2], [7, 1, 4]])
    assert trie.documents.tolist() == [1, 3, 2, 0]
    sums = np.array([[0, 0.1, 0.3, 0.6, 1.0], [0, 0.0, 0.5, 0.5, 1.0]])
    found = next_tokens(trie, lambda text, row: sums[text, row], np.array([[1, 3], [1, 1]]))
    entries = sorted(zip(*(column.tolist() for column in found), strict=True))
    first, second = [(7, 0.6), (8, 0.4)], [(7, 0.5), (8, 0.5)]
    expected = [
        *((0, 0, *entry) for entry in first),
        *((0, 1, *entry) for entry in [(1, 0.5), (2, 0.5)]),
        *((0, 2, *entry) for entry in [(3, 1 / 3), (4, 2 / 3)]),
        *((1, 0, *entry) for entry in first),
        (1, 1, 1, 1.0),
        *(
            (row, depth, *entry)
            for row in (2, 3)
            for depth, below in enumerate([second, [(1, 1.0), (2, 0.0)], [(3, 0.0), (4, 1.0)]])
            for entry in below
        ),
    ]
    assert [entry[:3] for entry in entries] == [entry[:3] for entry in expected]
    assert [entry[3] for entry in entries] == pytest.approx([entry[3] for entry in expected])


@pytest.mark.parametrize("scheme", ["naive", "semantic"])
def test_the_loss_expects_the_cross_entropy_over_documents(tokenizer_folder: Path, scheme: str) -> None:
    """Over many draws its mean is the expectation of -log P(docid | text) under the targets."""
    checkpoint = sequence_start(scheme, tokenizer_folder)
    assert checkpoint.identifiers is not None
    model = checkpoint.model.eval()
    objective = sequence_objective(checkpoint, tokenizer_folder)
    tokens = torch.from_numpy(alphabet(checkpoint.identifiers))
    drawn = next(objective._drawn.batches(random.Random(3)))
    every = pad_labels(checkpoint.identifiers)[None].repeat(len(drawn.examples), 1, 1)
    with torch.no_grad():
        nats = identifier_losses(model, drawn.input_ids, drawn.attention_mask, every, tokens)
    exact = (torch.from_numpy(objective._drawn.targets(drawn.examples)) * nats).sum(dim=1).mean()
    rng, losses, gradients = random.Random(4), [], []
    for _ in range(100):
        batch = objective._batch(drawn, rng)
        # With the tokens drawn for targets, the same draws scatter more.
        hard = identifier_losses(model, *batch[:3], tokens).mean()
        losses.append(objective.loss(model, batch))
        gradients.append([torch.autograd.grad(loss, model.shared.weight)[0] for loss in (losses[-1], hard)])
    values = torch.stack(losses).detach()
    error = values.std().item() / math.sqrt(len(losses))
    assert values.mean().item() == pytest.approx(exact.item(), abs=4 * error)
    soft, hard = (torch.stack(each).var(dim=0).sum() for each in zip(*gradients, strict=True))
    assert soft < 0.7 * hard


def test_targets_are_made_in_blocks(tokenizer_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the same however few are held at a time."""
    checkpoint = sequence_start("naive", tokenizer_folder)
    made = []
    for cells in (2**24, 3 * 24, 1):
        monkeypatch.setattr(examples_module, "CELLS", cells)
        objective = sequence_objective(checkpoint, tokenizer_folder)
        made.append([[tensor.tolist() for tensor in batch] for batch in objective.batches(1)])
    assert made[0] == made[1] == made[2]
    shape = (8, DRAWN)
    assert np.shape(made[0][0][2])[:2] == shape


def test_a_step_never_waits_for_the_device(tokenizer_folder: Path) -> None:
    checkpoint = sequence_start("naive", tokenizer_folder)
    objective = sequence_objective(checkpoint, tokenizer_folder)
    batch = next(objective.batches(1))
    model = checkpoint.model.to("meta")
    assert objective.loss(model, SequenceBatch(*(tensor.to("meta") for tensor in batch))).shape == ()


@pytest.mark.parametrize("scheme", ["naive", "semantic"])
def test_of_more_documents_batches_are_the_same(
    tokenizer_folder: Path, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With sparse targets the same documents are drawn, and shares differ by rounding."""
    checkpoint = sequence_start(scheme, tokenizer_folder)
    objective = sequence_objective(checkpoint, tokenizer_folder)
    dense = list(objective.batches(1))
    monkeypatch.setattr(docid_sequence, "DENSE", len(checkpoint.docids) - 1)
    sparse = list(objective.batches(1))
    for ours, theirs in zip(sparse, dense, strict=True):
        assert torch.equal(ours.input_ids, theirs.input_ids)
        assert torch.equal(ours.labels, theirs.labels)
        assert torch.equal(ours.places, theirs.places)
        assert torch.allclose(ours.shares, theirs.shares, atol=1e-5)
