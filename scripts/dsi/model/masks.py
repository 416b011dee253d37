"""Masks: which weights are kept, applied and checked.

A mask is a boolean tensor of its weight's shape, True where the weight is kept. A module of its own,
apart from the criteria: training holds masks and must not become stale when a criterion changes.
"""

from collections.abc import Iterable, Mapping

import torch

Tensors = dict[str, torch.Tensor]

_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def apply_masks(weights: Tensors, masks: Tensors) -> Tensors:
    """The weights with zeros where a mask is False; tensors without a mask are shared, not copied."""
    return {
        name: torch.where(masks[name], weight, 0) if name in masks else weight
        for name, weight in weights.items()
    }


@torch.no_grad()
def hold_masks(held: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> None:
    """Set every weight under a mask to zero, in place; held are pairs of a tensor and its mask.

    The bits are multiplied as integers: +0.0 whatever the weight was, NaN included, as `masked_fill_`
    gives, which is not vectorised on a CPU and takes nearly ten times as long (benchmarks/bench_masks.py).
    """
    for weight, mask in held:
        weight.detach().view(_INTEGERS[weight.element_size()]).mul_(mask)


def masks_hold(weights: Mapping[str, torch.Tensor], masks: Tensors) -> bool:
    """True if every masked weight is exactly zero."""
    return all(not weights[name][~mask].any() for name, mask in masks.items())
