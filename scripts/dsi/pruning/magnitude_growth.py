"""Masks of the smallest weights of each layer, which grow while a model trains.

The weights under a mask are zero, as everywhere in this project, so that a mask only grows.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from dsi.model.masks import MaskedParameters
from dsi.pruning.thresholds import layerwise_masks

# The rate to mask anew to after a step of so many; None: the masks stay. Steps count from 1; 0 is the start.
RateAfter = Callable[[int, int], float | None]


class MagnitudeGrowth:
    """A `dsi.model.masks.Growth` by magnitude: the smallest weights of each tensor at the rates given."""

    def __init__(self, rate_after: RateAfter) -> None:
        self._rate_after = rate_after
        self._masked: MaskedParameters = []
        self._last = 0

    def begin(self, masked: MaskedParameters, last: int) -> Sequence[dict[str, Any]]:
        """Note whose masks grow; the optimiser learns nothing besides the weights."""
        self._masked, self._last = masked, last
        return []

    def weigh(self) -> None:
        """Nothing: magnitudes need no gradient."""

    @torch.no_grad()
    def change(self, step: int) -> None:
        """Mask anew, in place, if it is time."""
        rate = self._rate_after(step, self._last)
        if rate is None:
            return
        for parameter, mask in self._masked:
            # Below zero, so that what has gone goes first even where a kept weight is zero by chance.
            importance = parameter.abs().masked_fill_(~mask, -1)
            mask.copy_(layerwise_masks({"": importance}, rate)[""])

    def state(self) -> Mapping[str, Sequence[torch.Tensor]]:
        """Nothing: all follows from the weights and masks."""
        return {}

    def load(self, state: Mapping[str, Sequence[torch.Tensor]]) -> None:
        """As `state`."""
