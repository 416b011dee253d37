"""Magnitude with one threshold for all tensors: by hand, and equal to torch's own pruning."""

import pytest
import torch
from torch.nn.utils import prune as torch_prune

from dsi.pruning.apply import prune
from tests.pruning.conftest import normal


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.95])
@pytest.mark.parametrize("ties", [False, True])
def test_global_masks_equal_torchs_own(rate: float, ties: bool) -> None:
    weights = {"a": normal(7, 5), "b": normal(4, 11, seed=1) * 3}
    if ties:
        weights = {name: (weight * 2).round() / 2 for name, weight in weights.items()}
    layers = {}
    for name, weight in weights.items():
        layers[name] = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        layers[name].weight.data = weight.clone()
    torch_prune.global_unstructured(
        [(layer, "weight") for layer in layers.values()], torch_prune.L1Unstructured, amount=rate
    )
    masks = prune(weights, ["a", "b"], "magnitude-global", rate).masks
    for name, layer in layers.items():
        assert torch.equal(masks[name], layer.weight_mask.bool())


def test_a_global_threshold_may_empty_one_tensor() -> None:
    weights = {"small": torch.tensor([[0.1, -0.2]]), "large": torch.tensor([[1.0, -2.0]])}
    masks = prune(weights, ["small", "large"], "magnitude-global", 0.5).masks
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "small": [[False, False]],
        "large": [[True, True]],
    }
