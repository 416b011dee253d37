"""Targets of which a trained model has a share, by hand; the loss beside torch's own divergence."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from dsi.model.scoring import docid_logits
from dsi.model.t5 import build_model
from dsi.training.loop import train
from dsi.training.objectives import docid
from dsi.training.objectives.docid import soft_cross_entropy
from dsi.training.objectives.examples import Batch, Query
from dsi.training.objectives.taught import ModelTeacher, TaughtObjective
from dsi.training.retriever import Retriever
from dsi.training.start import Start
from tests.conftest import PIECES, SHAPE, TEXTS
from tests.training.conftest import PHASE, docid_objective, examples, killed_in

DOCUMENTS = len(TEXTS)


def model(seed: int, **shape: Any) -> Any:
    return build_model({**SHAPE, **shape}, PIECES, DOCUMENTS, seed)


def first_batch(folder: Path) -> Batch:
    return next(docid_objective(folder).batches(1))


def taught_objective(folder: Path, teacher: ModelTeacher) -> TaughtObjective:
    return TaughtObjective(examples(folder), [Query("random matrix", (2,))], teacher)


def test_a_teacher_that_knows_nothing_spreads_its_share_evenly(tokenizer_folder: Path) -> None:
    """Docid tokens of equal embeddings have equal scores: a quarter of the target, one in 24 of it each."""
    teacher = model(seed=2)
    with torch.no_grad():
        teacher.lm_head.weight[-DOCUMENTS:] = 0
    own = torch.zeros(8, DOCUMENTS)
    own[:, 3] = 1
    batch = first_batch(tokenizer_folder)
    batch = Batch(batch.input_ids[:8], batch.attention_mask[:8], own)
    targets = ModelTeacher(teacher, 0.25, 1.0).targets(batch)
    expected = torch.full((8, DOCUMENTS), 0.25 / 24)
    expected[:, 3] += 0.75
    assert torch.allclose(targets, expected, atol=1e-7)


@pytest.mark.parametrize(("weight", "temperature"), [(0.5, 1.0), (0.3, 2.0), (1.0, 0.5)])
def test_the_share_is_a_softmax_over_scores_by_the_temperature(
    tokenizer_folder: Path, weight: float, temperature: float
) -> None:
    teacher, batch = model(seed=2), first_batch(tokenizer_folder)
    with torch.no_grad():
        logits = docid_logits(teacher, batch.input_ids, batch.attention_mask, DOCUMENTS)
    raised = (logits.double() / temperature).exp()
    expected = (1 - weight) * batch.targets.double() + weight * raised / raised.sum(dim=1, keepdim=True)
    found = ModelTeacher(teacher, weight, temperature).targets(batch)
    assert torch.allclose(found.double(), expected, atol=1e-6)
    assert torch.allclose(found.sum(dim=1), torch.ones(len(found)), atol=1e-5)


def test_the_loss_is_a_divergence_from_the_teacher_and_a_cross_entropy(tokenizer_folder: Path) -> None:
    """(1 - w) · cross-entropy + w · (KL(teacher ‖ model) + the teacher's entropy), and the same gradients."""
    teacher, student, weight = model(seed=2), model(seed=3, d_ff=6), 0.4
    batch = first_batch(tokenizer_folder)
    with torch.no_grad():
        taught = docid_logits(teacher, batch.input_ids, batch.attention_mask, DOCUMENTS).log_softmax(dim=1)
    entropy = -(taught.exp() * taught).sum(dim=1).mean()

    loss = taught_objective(tokenizer_folder, ModelTeacher(teacher, weight, 1.0)).loss(student, batch)
    loss.backward()
    gradients = {name: weight.grad.clone() for name, weight in student.named_parameters()}
    student.zero_grad()

    logits = docid_logits(student, batch.input_ids, batch.attention_mask, DOCUMENTS)
    divergence = torch.nn.functional.kl_div(
        logits.log_softmax(dim=1), taught, reduction="batchmean", log_target=True
    )
    reference = (1 - weight) * soft_cross_entropy(logits, batch.targets) + weight * divergence
    reference.backward()
    assert loss.item() == pytest.approx((reference + weight * entropy).item(), rel=1e-5)
    for name, parameter in student.named_parameters():
        assert torch.allclose(gradients[name], parameter.grad, atol=1e-6), name


def test_a_teacher_is_neither_trained_nor_does_it_drop_anything(tokenizer_folder: Path) -> None:
    built = model(seed=2, dropout=0.5).train()
    teacher, batch = ModelTeacher(built, 0.5, 1.0), first_batch(tokenizer_folder)
    assert torch.equal(teacher.targets(batch), teacher.targets(batch))
    taught_objective(tokenizer_folder, teacher).loss(model(seed=3), batch).backward()
    assert all(parameter.grad is None for parameter in built.parameters())


def test_a_taught_training_that_was_killed_goes_on_alike(tokenizer_folder: Path, tmp_path: Path) -> None:
    def training() -> Retriever:
        objective = taught_objective(tokenizer_folder, ModelTeacher(model(seed=2), 0.5, 1.0))
        return Retriever(Start(model(seed=3, d_ff=6, dropout=0.1)), PHASE._replace(epochs=3), objective)

    whole = training()
    history, _ = train(whole, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train(killed_in(training(), epoch=3), tmp_path / "killed")
    resumed = training()
    again, _ = train(resumed, tmp_path / "killed")
    pd.testing.assert_frame_equal(again, history, check_exact=True)
    for name, value in whole.model.named_parameters():
        assert torch.equal(dict(resumed.model.named_parameters())[name], value), name


def test_a_step_never_waits_for_the_device(tokenizer_folder: Path) -> None:
    """Tensors without data: whatever would read one of the device's fails."""
    objective = taught_objective(tokenizer_folder, ModelTeacher(model(seed=2).to("meta"), 0.5, 1.0))
    batch = Batch(*(tensor.to("meta") for tensor in first_batch(tokenizer_folder)))
    assert objective.loss(model(seed=3).to("meta"), batch).shape == ()


def test_of_more_documents_the_loss_is_the_same(
    tokenizer_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = []
    for most in (DOCUMENTS, DOCUMENTS - 1):
        monkeypatch.setattr(docid, "DENSE", most)
        objective = taught_objective(tokenizer_folder, ModelTeacher(model(seed=2), 0.4, 2.0))
        losses.append(objective.loss(model(seed=3, d_ff=6), next(objective.batches(1))).item())
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
