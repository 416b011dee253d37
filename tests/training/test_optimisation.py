"""Optimisation: schedules by hand, what optimisers keep, and their state by parameter name."""

from pathlib import Path

import pytest
import torch

from dsi.training.loop import train
from dsi.training.optimisation import make_optimiser, optimiser_moments, warmup_constant, warmup_cosine
from tests.training.conftest import PHASE, retriever


def test_the_schedule_warms_up_and_ends_at_zero() -> None:
    factors = [warmup_cosine(progress, 0.1) for progress in (0, 0.05, 0.1, 0.55, 1)]
    assert factors == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_the_constant_schedule_warms_up_and_stays() -> None:
    assert [warmup_constant(progress, 0.1) for progress in (0, 0.05, 0.1, 1)] == [0, 0.5, 1, 1]
    assert warmup_constant(0, 0) == 1


def test_adafactor_keeps_no_first_moments(tokenizer_folder: Path) -> None:
    model = retriever(tokenizer_folder).model
    optimiser = make_optimiser(model, PHASE.optimisation._replace(name="adafactor"), 0.001)
    model(input_ids=torch.tensor([[5, 1]]), labels=torch.tensor([[6]])).loss.backward()
    optimiser.step()
    matrix = model.shared.weight
    kept = sum(value.numel() for value in optimiser.state[matrix].values())
    assert kept < 0.5 * matrix.numel()  # Adam keeps twice the parameters


def test_optimiser_state_survives_by_parameter_name(tokenizer_folder: Path, tmp_path: Path) -> None:
    first = retriever(tokenizer_folder)
    _, optimiser = train(first, tmp_path / "a")
    moments = optimiser_moments(optimiser, first.model)
    assert {key.rpartition("/")[2] for key in moments} == {"step", "exp_avg", "exp_avg_sq"}
    second = retriever(tokenizer_folder, moments=moments)
    kept = second.configure_optimizers()["optimizer"]
    for name, parameter in second.model.named_parameters():
        assert torch.equal(kept.state[parameter]["exp_avg"], moments[f"{name}/exp_avg"])
        assert kept.state[parameter]["step"] == len(first.objective)
