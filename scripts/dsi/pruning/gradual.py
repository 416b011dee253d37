"""Gradual pruning: masks that grow while a model trains.

The rate rises along a cubic from 0 to the final one, and every few steps the smallest weights of each
layer are masked anew (Zhu & Gupta 2018, "To prune, or not to prune"). There the weights under a mask are
kept and may come back; here they are zero, as everywhere in this project, so a mask only grows. Does not
know optimisers or epochs: training calls `GradualMasks.update` before it applies the masks.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.thresholds import layerwise_masks


class CubicSchedule(NamedTuple):
    """Steps are optimiser steps, counted from 1; the rate is `initial` up to begin, `final` from end on."""

    begin: int
    end: int
    final: float
    initial: float = 0.0


def gradual_sparsity(step: int, schedule: CubicSchedule) -> float:
    """s_f + (s_i - s_f) · (1 - (t - t₀) / (n Δt))³, t held within [t₀, t₀ + n Δt]."""
    if step >= schedule.end:
        return schedule.final
    progress = max(0, step - schedule.begin) / (schedule.end - schedule.begin)
    return schedule.final + (schedule.initial - schedule.final) * (1 - progress) ** 3


class GradualMasks:
    """Masks of some parameters that grow along a schedule.

    Args:
        held: (parameter, mask) of each tensor to prune; the mask is changed in place, so whoever applies
            it (`dsi.model.masks.hold_masks`) needs no other copy.
        every: steps between two changes of the masks.
    """

    def __init__(
        self, held: Sequence[tuple[torch.Tensor, torch.Tensor]], schedule: CubicSchedule, every: int
    ) -> None:
        self._held = held
        self._schedule = schedule
        self._every = every

    @torch.no_grad()
    def update(self, step: int) -> bool:
        """Mask anew if it is time, which the last step of the schedule always is; True if so."""
        begin, end = self._schedule.begin, self._schedule.end
        due = begin <= step <= end and ((step - begin) % self._every == 0 or step == end)
        if due:
            rate = gradual_sparsity(step, self._schedule)
            for parameter, mask in self._held:
                # Below zero, so that what has gone goes first even where a kept weight is zero by chance.
                importance = magnitude_importances({"": parameter})[""].masked_fill_(~mask, -1)
                mask.copy_(layerwise_masks({"": importance}, rate)[""])
        return due
