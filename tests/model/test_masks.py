"""Masks: applied as torch does, and held bit for bit."""

import pytest
import torch

from dsi.model.masks import hold_masks


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
