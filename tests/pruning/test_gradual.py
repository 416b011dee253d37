"""Gradual pruning: the schedule by hand, and masks that only grow."""

import pytest
import torch

from dsi.model.masks import hold_masks
from dsi.pruning.gradual import CubicSchedule, GradualMasks, gradual_sparsity


def test_gradual_sparsity_by_hand() -> None:
    """From 0 to 0.8 over steps 10 … 20: half-way, 0.8 · (1 - 0.5³) = 0.7."""
    schedule = CubicSchedule(begin=10, end=20, final=0.8)
    rates = [gradual_sparsity(step, schedule) for step in (0, 10, 15, 20, 99)]
    assert rates == [0.0, 0.0, pytest.approx(0.7), 0.8, 0.8]


def test_gradual_masks_grow_every_few_steps_and_only_grow() -> None:
    parameter = torch.nn.Parameter(torch.arange(1.0, 11.0).reshape(2, 5))
    mask = torch.ones(2, 5, dtype=torch.bool)
    masks = GradualMasks([(parameter, mask)], CubicSchedule(begin=0, end=10, final=0.8), every=4)
    changed, counts = [], []
    for step in range(12):
        before = mask.clone()
        changed.append(masks.update(step))
        assert not (mask & ~before).any()
        hold_masks([(parameter, mask)])
        counts.append(int((~mask).sum()))
        parameter.data[mask] -= 0.5  # kept weights may fall below those that went
    assert [step for step, now in enumerate(changed) if now] == [0, 4, 8, 10]
    # 0.8 · (1 - 0.6³) = 0.627 and 0.8 · (1 - 0.2³) = 0.794, of ten weights
    assert counts == [0, 0, 0, 0, 6, 6, 6, 6, 8, 8, 8, 8]
