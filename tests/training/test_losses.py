"""Losses: sums as by reading each, and what is said of the first that is not finite."""

import math

import pytest
import torch

from dsi.training.losses import DivergenceError, Losses, Step
from tests.training.conftest import PHASE


def test_the_sum_is_that_of_the_rows_and_begins_anew_with_each_epoch() -> None:
    losses = Losses(PHASE)
    model = torch.nn.Linear(1, 1)
    values = torch.rand(7)
    for value, rows in zip(values, (8, 8, 8, 8, 8, 8, 3), strict=True):
        losses.add(value, rows)
        losses.read()
    expected = 0.0
    for value, rows in zip(values, (8, 8, 8, 8, 8, 8, 3), strict=True):
        expected += value.item() * rows
    assert losses.end_epoch(model) == expected
    losses.add(torch.tensor(0.5), 4)
    assert losses.end_epoch(model) == 2


def test_parts_of_several_processes_are_added_up_before_they_are_read() -> None:
    losses = Losses(PHASE, lambda parts: parts + torch.tensor([1.0, 2.0]))
    losses.add(torch.tensor(0.5), 4)
    losses.add(torch.tensor(0.25), 2)
    assert losses.end_epoch(torch.nn.Linear(1, 1)) == 1.5 * 4 + 2.25 * 2
    elsewhere = Losses(PHASE, lambda parts: parts + torch.nan)
    elsewhere.add(torch.tensor(0.5), 4)
    with pytest.raises(DivergenceError, match="a loss of nan"):
        elsewhere.read()


def test_the_first_loss_that_is_not_finite_is_named_with_the_step_before_it() -> None:
    losses = Losses(PHASE)
    for number, (value, norm) in enumerate(
        [(2.5, 1.0), (3.5, 31e6), (math.inf, 1e9), (math.nan, 1e9)], start=1
    ):
        losses.add(torch.tensor(value), 8)
        losses.step(Step(number, number / 100, torch.tensor(norm)))
    with pytest.raises(DivergenceError) as raised:
        losses.read()
    assert str(raised.value) == (
        "E1 diverged: found a loss of inf after step 2 (learning rate 0.02, norm of the gradient 3.1e+07), "
        "expected finite numbers; try a lower peak of the learning rate than 0.01, for example "
        "learning_rate: 0.001, a longer warmup, or gradient_clip: 1.0"
    )


def test_a_start_that_has_no_finite_loss_is_said_to_be_one() -> None:
    losses = Losses(PHASE._replace(precision="bf16"))
    losses.add(torch.tensor(math.nan), 8)
    with pytest.raises(DivergenceError, match=r"a loss of nan before the first step, .* or precision: fp32"):
        losses.read()


def test_a_validation_loss_is_finite() -> None:
    losses = Losses(PHASE)
    losses.check_validation(3.0)
    with pytest.raises(DivergenceError, match="a validation loss of nan before the first step"):
        losses.check_validation(math.nan)
