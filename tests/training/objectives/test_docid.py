"""The objective of atomic docids: its loss by hand, its batches, its measures."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from dsi.model.scoring import docid_logits
from dsi.training.objectives import docid
from dsi.training.objectives import examples as examples_module
from dsi.training.objectives.docid import DocidObjective, soft_cross_entropy
from dsi.training.objectives.examples import Batch, Query, SparseBatch
from tests.conftest import TEXTS
from tests.training.conftest import docid_objective, examples


def test_soft_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)]])
    loss = soft_cross_entropy(logits, torch.tensor([[0.25, 0.75]]))
    assert loss.item() == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))


def test_batches_are_those_of_the_examples(tokenizer_folder: Path) -> None:
    drawn = examples(tokenizer_folder)
    objective = docid_objective(tokenizer_folder)
    assert len(objective) == len(drawn)
    for batch, expected in zip(objective.batches(3), drawn.batches(drawn.generator(3)), strict=True):
        assert torch.equal(batch.input_ids, expected.input_ids)
        assert torch.equal(batch.targets, torch.from_numpy(drawn.targets(expected.examples)))
        assert batch.targets.shape[1] == len(TEXTS)


def test_validation_has_the_measures_of_the_history(tokenizer_folder: Path, tiny_model: Any) -> None:
    objective = docid_objective(tokenizer_folder)
    with torch.no_grad():
        assert tuple(objective.validate(tiny_model)) == objective.measures
    assert DocidObjective(examples(tokenizer_folder), []).validate(tiny_model) == {}


def test_validation_in_blocks_gives_the_same(
    tokenizer_folder: Path, tiny_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = [Query(text, columns) for text, columns in (("random matrix", (2, 5)), ("graph", (0,)))] * 4
    objective = DocidObjective(examples(tokenizer_folder), queries)
    found, sizes = [], []

    def noted(*arguments: Any) -> torch.Tensor:
        sizes.append(len(arguments[1]))
        return docid_logits(*arguments)

    monkeypatch.setattr(docid, "docid_logits", noted)
    for cells in (2**24, 3 * len(TEXTS)):
        monkeypatch.setattr(examples_module, "CELLS", cells)
        with torch.no_grad():
            found.append(objective.validate(tiny_model))
    assert sizes == [8, 3, 3, 2]
    assert found[1] == pytest.approx(found[0], rel=1e-6)


def test_a_step_never_waits_for_the_device(tokenizer_folder: Path, tiny_model: Any) -> None:
    """Tensors without data: whatever would read one of the device's fails."""
    objective = docid_objective(tokenizer_folder)
    batch = Batch(*(tensor.to("meta") for tensor in next(objective.batches(1))))
    assert objective.loss(tiny_model.to("meta"), batch).shape == ()


def test_of_more_documents_targets_are_sparse_and_the_loss_is_the_same(
    tokenizer_folder: Path, tiny_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, gradients = [], []
    for most in (24, 23):
        monkeypatch.setattr(docid, "DENSE", most)
        objective = docid_objective(tokenizer_folder)
        tiny_model.zero_grad()
        batch = next(iter(objective.batches(2)))
        assert isinstance(batch, Batch if most == 24 else SparseBatch)
        loss = objective.loss(tiny_model, batch)
        loss.backward()
        losses.append(loss.item())
        gradients.append({name: weight.grad.clone() for name, weight in tiny_model.named_parameters()})
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    for name, gradient in gradients[0].items():
        assert torch.allclose(gradients[1][name], gradient, atol=1e-6), name


def test_a_step_with_sparse_targets_never_waits_for_the_device(
    tokenizer_folder: Path, tiny_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docid, "DENSE", 1)
    objective = docid_objective(tokenizer_folder)
    batch = SparseBatch(*(tensor.to("meta") for tensor in next(objective.batches(1))))
    assert objective.loss(tiny_model.to("meta"), batch).shape == ()
