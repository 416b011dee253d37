"""Magnitude with a threshold for each tensor: by hand, and equal to torch's own pruning."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils import prune as torch_prune

from dsi.pruning.apply import prune


def test_masks_of_a_matrix_by_hand() -> None:
    weights = {"w": torch.tensor([[0.1, -0.5, 0.3], [-0.2, 0.9, -0.05]])}
    pruned = prune(weights, ["w"], "magnitude", 0.5)
    assert pruned.masks["w"].tolist() == [[False, True, True], [False, True, False]]
    assert pruned.weights["w"].tolist() == [
        [0.0, pytest.approx(-0.5), pytest.approx(0.3)],
        [0.0, pytest.approx(0.9), 0.0],
    ]


@settings(deadline=None, derandomize=True)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    rate=st.sampled_from([0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.8, 0.95]),
    ties=st.booleans(),
    seed=st.integers(0, 99),
)
def test_pruned_weights_equal_torchs_own(rows: int, columns: int, rate: float, ties: bool, seed: int) -> None:
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    if ties:  # many weights at the threshold
        weight = (weight * 4).round() / 4
    layer = torch.nn.Linear(columns, rows, bias=False)
    layer.weight.data = weight.clone()
    torch_prune.l1_unstructured(layer, "weight", amount=rate)
    pruned = prune({"w": weight}, ["w"], "magnitude", rate)
    assert torch.equal(pruned.masks["w"], layer.weight_mask.bool())
    assert torch.equal(pruned.weights["w"], layer.weight.detach())
