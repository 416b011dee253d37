"""Gradual pruning: the schedule by hand, and masks that only grow."""

import json
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from dsi.model.masks import hold_masks
from dsi.pruning.errors import PruningError
from dsi.pruning.gradual import CubicSchedule, GradualMasks, GradualPruning, gradual_pruning, gradual_sparsity
from dsi.pruning.selection import Selection


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


def test_a_schedule_is_read_from_json() -> None:
    found = gradual_pruning(
        '{"rate": 0.8, "until": 0.6, "every": 10, "kinds": ["attention"], "lm_head": false}'
    )
    assert found == GradualPruning(0.8, 0.6, 10, Selection(kinds=["attention"]))
    with pytest.raises(
        ArgumentTypeError, match="gradual: found no every; expected the keys rate, until, every"
    ):
        gradual_pruning('{"rate": 0.8, "until": 0.6}')


def test_masks_keep_everything_at_first_and_reach_the_rate_in_time(tiny_model: Any) -> None:
    """Of 40 steps 0.5 are 20; after them nothing changes."""
    weights = dict(tiny_model.named_parameters())
    gradual = GradualPruning(rate=0.5, until=0.5, every=7, selection=Selection(stacks=["decoder"]))
    masks = gradual.first_masks(weights)
    assert all(name.startswith("decoder.") and mask.all() for name, mask in masks.items())
    masked = [(weights[name], mask) for name, mask in masks.items()]
    shares = []
    for step in range(1, 41):
        gradual.grow(masked, step, last=40)
        hold_masks(masked)
        shares.append({1 - mask.float().mean().item() for mask in masks.values()})
    assert all(share == {0.5} for share in shares[19:])
    assert max(shares[18]) < 0.5


def test_what_is_not_there_cannot_be_pruned(tiny_model: Any) -> None:
    gradual = GradualPruning(0.5, 0.5, 7, Selection(lm_head=True))
    with pytest.raises(PruningError, match="this model ties lm_head to the embedding"):
        gradual.first_masks(dict(tiny_model.named_parameters()))


def test_zeros_are_a_share_of_the_dense_checkpoint_as_it_was_stored(tmp_path: Path) -> None:
    # Stored: 20 of the embedding and 4 of a Linear. Untied since, with half of the head's 20 weights gone.
    query = "encoder.block.0.layer.0.SelfAttention.q.weight"
    dense = {"shared.weight": torch.ones(10, 2), query: torch.ones(2, 2)}
    half = torch.ones(10, 2)
    half[:5] = 0
    save_file(dense, tmp_path / "dense.safetensors")
    save_file({**dense, "lm_head.weight": half}, tmp_path / "model.safetensors")
    pruning = GradualPruning(rate=0.5, until=1.0, every=1)
    pruning.write({"lm_head.weight": half.bool()}, tmp_path, tmp_path / "dense.safetensors")
    found = json.loads((tmp_path / "sparsity.json").read_text(encoding="utf-8"))
    assert (found["parameters"], found["nonzero"]) == (24, 34)
    assert found["model"] == pytest.approx(1 - 34 / 24)
