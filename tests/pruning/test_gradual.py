"""Gradual pruning: the schedule by hand, and when the masks grow along it."""

import pytest
import torch

from dsi.model.masks import hold_masks
from dsi.pruning.gradual import CubicSchedule, GradualSettings, gradual_sparsity


def test_gradual_sparsity_by_hand() -> None:
    """From 0 to 0.8 over steps 10 … 20: half-way, 0.8 · (1 - 0.5³) = 0.7."""
    schedule = CubicSchedule(begin=10, end=20, final=0.8)
    rates = [gradual_sparsity(step, schedule) for step in (0, 10, 15, 20, 99)]
    assert rates == [0.0, 0.0, pytest.approx(0.7), 0.8, 0.8]


def test_masks_grow_every_few_steps_and_only_grow() -> None:
    """Of 12 steps the first 10 are of the schedule, and masks change at every fourth and at the last."""
    parameter = torch.nn.Parameter(torch.arange(1.0, 11.0).reshape(2, 5))
    mask = torch.ones(2, 5, dtype=torch.bool)
    growth = GradualSettings(until=0.85, every=4).growth(0.8)
    assert growth.begin([(parameter, mask)], last=12) == []
    counts = []
    for step in range(13):
        before = mask.clone()
        growth.change(step)
        assert not (mask & ~before).any()
        hold_masks([(parameter, mask)])
        counts.append(int((~mask).sum()))
        parameter.data[mask] -= 0.5  # kept weights may fall below those that went
    # 0.8 · (1 - 0.6³) = 0.627 and 0.8 · (1 - 0.2³) = 0.794, of ten weights
    assert counts == [0, 0, 0, 0, 6, 6, 6, 6, 8, 8, 8, 8, 8]


def test_the_rate_is_reached_in_time() -> None:
    """Of 40 steps 0.5 are 20, which is no seventh one and yet changes the masks; after them nothing does."""
    settings = GradualSettings(until=0.5, every=7)
    rates = {step: settings.rate_after(0.5, step, last=40) for step in range(41)}
    assert [step for step, rate in rates.items() if rate is not None] == [0, 7, 14, 20]
    assert (rates[0], rates[20]) == (0.0, 0.5)
