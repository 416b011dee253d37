"""Masks: which weights are kept, applied and checked.

A mask is a boolean tensor of its weight's shape, True where the weight is kept. A module of its own,
apart from the criteria: training holds masks and must not become stale when a criterion changes.
"""

from collections.abc import Mapping

import torch

Tensors = dict[str, torch.Tensor]


def apply_masks(weights: Tensors, masks: Tensors) -> Tensors:
    """The weights with zeros where a mask is False; tensors without a mask are shared, not copied."""
    return {
        name: torch.where(masks[name], weight, 0) if name in masks else weight
        for name, weight in weights.items()
    }


def masks_hold(weights: Mapping[str, torch.Tensor], masks: Tensors) -> bool:
    """True if every masked weight is exactly zero."""
    return all(not weights[name][~mask].any() for name, mask in masks.items())
