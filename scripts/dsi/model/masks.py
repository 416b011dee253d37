"""Masks: which weights are kept, and how they are applied.

A mask is a boolean tensor of its weight's shape, True where the weight is kept. This is apart from the
criteria, as training applies masks and must not become stale when a criterion changes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch

Tensors = dict[str, torch.Tensor]
# Parameters, each with its mask.
MaskedParameters = Sequence[tuple[torch.Tensor, torch.Tensor]]

_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


class Growth(Protocol):
    """Changes masks while a model trains; `dsi.pruning.in_training` has the ways in which they do.

    The training zeroes what the masks leave out after every change, and before a step the gradients of it.
    """

    def begin(self, masked: MaskedParameters, last: int) -> Sequence[dict[str, Any]]:
        """Take the parameters and masks of a training of `last` steps, whose masks change in place.

        Returns:
            Groups of parameters that the optimiser learns besides the model's, such as scores.
        """

    def weigh(self) -> None:
        """See the gradients of all weights, masked ones too, before a step."""

    def change(self, step: int) -> None:
        """Change the masks after a step, counted from 1, or before the first one (0)."""

    def state(self) -> Mapping[str, Sequence[torch.Tensor]]:
        """What a resumed training needs besides weights, masks and the optimiser's state."""

    def load(self, state: Mapping[str, Sequence[torch.Tensor]]) -> None:
        """Go on from what `state` gave; called before `begin`."""


class UnfitMasksError(ValueError):
    """Masks are not those of the weights that they are to hold; the message names what differs."""


def apply_masks(weights: Tensors, masks: Tensors) -> Tensors:
    """The weights with zeros where a mask is False; tensors without a mask are shared, not copied."""
    return {
        name: torch.where(masks[name], weight, 0) if name in masks else weight
        for name, weight in weights.items()
    }


def check_masks(masks: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor], where: str) -> None:
    """Check that masks name what is wanted, in the shapes of what is wanted.

    Args:
        wanted: weights or masks of the same names and shapes.
        where: the masks come from.

    Raises:
        UnfitMasksError: they do not.
    """
    for name in sorted(masks.keys() ^ wanted.keys()):
        found = "a mask" if name in masks else "no mask"
        raise UnfitMasksError(
            f"{where}: found {found} for {name}, expected masks of the weights that are pruned, for example "
            f"{min(wanted, default='none')}"
        )
    for name, mask in masks.items():
        if mask.shape != wanted[name].shape or mask.dtype != torch.bool:
            raise UnfitMasksError(
                f"{where}: found {mask.dtype} of shape {tuple(mask.shape)} for {name}, expected booleans of "
                f"shape {tuple(wanted[name].shape)}"
            )


@torch.no_grad()
def hold_masks(masked: MaskedParameters) -> None:
    """Set every weight whose mask is False to zero, in place.

    The bits are multiplied as integers: +0.0 whatever the weight was, NaN included, as `masked_fill_`
    gives, which is not vectorised on a CPU and takes nearly ten times as long (benchmarks/bench_masks.py).
    """
    for weight, mask in masked:
        weight.detach().view(_INTEGERS[weight.element_size()]).mul_(mask)
