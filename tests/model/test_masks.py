"""Masks: applied as torch does, and held bit for bit."""

from typing import Any

import pytest
import torch

from dsi.model.masks import UnfitMasksError, check_masks, hold_masks

KEPT = torch.tensor([[True, False, True], [True, True, True]])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_holding_masks_is_masked_fill_bit_for_bit(dtype: torch.dtype) -> None:
    """Whatever stood there, +0.0 does, and kept weights keep their bits."""
    odd = [-1.0, -0.0, float("nan"), float("-inf"), 1e-45, 3.0]
    parameter = torch.nn.Parameter(torch.tensor([odd, odd], dtype=dtype))
    mask = torch.tensor([[False] * 6, [True] * 6])
    expected = parameter.detach().masked_fill(~mask, 0.0)
    storage = parameter.data_ptr()
    hold_masks([(parameter, mask)])
    assert torch.equal(parameter.detach().view(torch.uint8), expected.view(torch.uint8))
    assert parameter.data_ptr() == storage
    assert parameter.requires_grad


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"a": KEPT, "c": KEPT}, "masks: found a mask for c, expected masks of the weights that are pruned"),
        ({}, "masks: found no mask for a, expected masks of the weights that are pruned, for example a"),
        (
            {"a": KEPT[:1]},
            r"masks: found torch.bool of shape \(1, 3\) for a, expected booleans of shape \(2, 3\)",
        ),
        ({"a": KEPT.float()}, r"masks: found torch.float32 of shape \(2, 3\) for a, expected booleans"),
    ],
)
def test_masks_of_other_weights_are_refused(masks: Any, message: str) -> None:
    check_masks({"a": KEPT}, {"a": torch.zeros(2, 3)}, "masks")
    with pytest.raises(UnfitMasksError, match=message):
        check_masks(masks, {"a": torch.zeros(2, 3)}, "masks")
