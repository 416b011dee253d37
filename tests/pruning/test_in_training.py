"""Pruning in training: its record from JSON, the masks it begins with, and what is written at the end."""

import json
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from dsi.pruning.errors import PruningError
from dsi.pruning.gradual import GradualSettings
from dsi.pruning.in_training import SETTINGS, PruningInTraining, pruning_in_training
from dsi.pruning.iterative import IterativeSettings
from dsi.pruning.movement import MovementSettings
from dsi.pruning.registry import CRITERIA, one_shot
from dsi.pruning.selection import Selection

GRADUAL = GradualSettings(until=0.6, every=10)


def test_the_registry_names_all_of_them() -> None:
    assert list(SETTINGS) == [name for name in CRITERIA if not one_shot(name)]


@pytest.mark.parametrize(
    ("criterion", "written", "settings"),
    [
        ("gradual", {"until": 0.6, "every": 10}, GRADUAL),
        ("iterative", {"rounds": 3}, IterativeSettings(3)),
        ("movement", {"warmup": 0.1, "cooldown": 0.2}, MovementSettings(0.1, 0.2)),
    ],
)
def test_it_is_read_from_json(criterion: str, written: dict[str, object], settings: Any) -> None:
    text = {"criterion": criterion, "rate": 0.8, "kinds": ["attention"], "lm_head": False, **written}
    found = pruning_in_training(json.dumps(text))
    assert found == PruningInTraining(criterion, 0.8, settings, Selection(kinds=["attention"]))


def test_what_is_missing_or_unknown_is_said() -> None:
    with pytest.raises(ArgumentTypeError, match="gradual: found no every; expected the keys until, every"):
        pruning_in_training('{"criterion": "gradual", "rate": 0.8, "until": 0.6}')
    with pytest.raises(
        ArgumentTypeError, match="criterion: found 'magnitude', expected one of gradual, iter"
    ):
        pruning_in_training('{"criterion": "magnitude", "rate": 0.8}')


def test_masks_keep_everything_at_first(tiny_model: Any) -> None:
    pruning = PruningInTraining("gradual", 0.5, GRADUAL, Selection(stacks=["decoder"]))
    masks = pruning.first_masks(dict(tiny_model.named_parameters()))
    assert masks
    assert all(name.startswith("decoder.") and mask.all() for name, mask in masks.items())


def test_what_is_not_there_cannot_be_pruned(tiny_model: Any) -> None:
    pruning = PruningInTraining("gradual", 0.5, GRADUAL, Selection(lm_head=True))
    with pytest.raises(PruningError, match="this model ties lm_head to the embedding"):
        pruning.first_masks(dict(tiny_model.named_parameters()))


def test_zeros_are_a_share_of_the_dense_checkpoint_as_it_was_stored(tmp_path: Path) -> None:
    # Stored: 20 of the embedding and 4 of a Linear. Untied since, with half of the head's 20 weights gone.
    query = "encoder.block.0.layer.0.SelfAttention.q.weight"
    dense = {"shared.weight": torch.ones(10, 2), query: torch.ones(2, 2)}
    half = torch.ones(10, 2)
    half[:5] = 0
    save_file(dense, tmp_path / "dense.safetensors")
    save_file({**dense, "lm_head.weight": half}, tmp_path / "model.safetensors")
    (tmp_path / "retriever.json").write_text('{"task": "docid", "scheme": "atomic"}')
    pruning = PruningInTraining("gradual", 0.5, GRADUAL)
    pruning.write({"lm_head.weight": half.bool()}, tmp_path, tmp_path / "dense.safetensors")
    found = json.loads((tmp_path / "sparsity.json").read_text(encoding="utf-8"))
    assert (found["parameters"], found["nonzero"]) == (24, 34)
    assert found["model"] == pytest.approx(1 - 34 / 24)
