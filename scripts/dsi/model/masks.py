"""Masks: which weights are kept, and how they are applied.

A mask is a boolean tensor of its weight's shape, True where the weight is kept. This is apart from the
criteria, as training applies masks and must not become stale when a criterion changes.
"""

from collections.abc import Sequence

import torch

Tensors = dict[str, torch.Tensor]
# Parameters, each with its mask.
MaskedParameters = Sequence[tuple[torch.Tensor, torch.Tensor]]

_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def apply_masks(weights: Tensors, masks: Tensors) -> Tensors:
    """The weights with zeros where a mask is False; tensors without a mask are shared, not copied."""
    return {
        name: torch.where(masks[name], weight, 0) if name in masks else weight
        for name, weight in weights.items()
    }


@torch.no_grad()
def hold_masks(masked: MaskedParameters) -> None:
    """Set every weight whose mask is False to zero, in place.

    The bits are multiplied as integers: +0.0 whatever the weight was, NaN included, as `masked_fill_`
    gives, which is not vectorised on a CPU and takes nearly ten times as long (benchmarks/bench_masks.py).
    """
    for weight, mask in masked:
        weight.detach().view(_INTEGERS[weight.element_size()]).mul_(mask)
