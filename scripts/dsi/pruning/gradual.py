"""Gradual pruning: masks that grow while a model trains.

The rate rises along a cubic from 0 to the final one, and every few steps the smallest weights of each
layer are masked anew (Zhu & Gupta 2018, "To prune, or not to prune"). There the weights under a mask are
kept and may come back; here they are zero, as everywhere in this project, so a mask only grows. Training
calls `GradualPruning.grow` after each step, before it applies the masks.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file

from dsi.base.command import json_object
from dsi.base.files import write_json
from dsi.base.records import read_record
from dsi.model.masks import MaskedParameters, Tensors
from dsi.pruning.selection import Selection
from dsi.pruning.sparsity import sparsity
from dsi.pruning.thresholds import layerwise_masks

logger = logging.getLogger(__name__)


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
        masked: the tensors to prune; their masks are changed in place, so whoever applies them
            (`dsi.model.masks.hold_masks`) needs no other copy.
        every: steps between two changes of the masks.
    """

    def __init__(self, masked: MaskedParameters, schedule: CubicSchedule, every: int) -> None:
        self._masked = masked
        self._schedule = schedule
        self._every = every

    @torch.no_grad()
    def update(self, step: int) -> bool:
        """Mask anew if it is time, which the last step of the schedule always is; True if so."""
        begin, end = self._schedule.begin, self._schedule.end
        due = begin <= step <= end and ((step - begin) % self._every == 0 or step == end)
        if due:
            rate = gradual_sparsity(step, self._schedule)
            for parameter, mask in self._masked:
                # Below zero, so that what has gone goes first even where a kept weight is zero by chance.
                importance = parameter.abs().masked_fill_(~mask, -1)
                mask.copy_(layerwise_masks({"": importance}, rate)[""])
        return due


@dataclass(frozen=True)
class GradualPruning:
    """What is pruned in a phase of training, how far, and when.

    rate: fraction of each tensor's weights at the end. until: fraction of the steps after which it is
    reached. every: steps between two changes of the masks. selection: which weights.
    """

    rate: float
    until: float
    every: int
    selection: Selection = field(default_factory=Selection)

    def first_masks(self, weights: Mapping[str, torch.Tensor]) -> Tensors:
        """Masks that keep everything, of the weights that will be pruned.

        Raises:
            PruningError: the selection does not fit the weights.
        """
        return {
            name: torch.ones(weights[name].shape, dtype=torch.bool) for name in self.selection.names(weights)
        }

    def grow(self, masked: MaskedParameters, step: int, last: int) -> None:
        """Change the masks in place after a step, counted from 1 to `last`."""
        schedule = CubicSchedule(0, max(1, round(self.until * last)), self.rate)
        GradualMasks(masked, schedule, self.every).update(step)

    def write(self, masks: Tensors, folder: Path, stored: Path | None = None) -> None:
        """Write the masks as they are at the end, and the zeros of the checkpoint in the same folder.

        Args:
            stored: the weights of the dense checkpoint, of which zeros are a share: an output head that has
                been untied from the embedding since then is no part of them.
        """
        dense = load_file(stored) if stored else None
        result = sparsity(load_file(folder / "model.safetensors"), self.rate, dense)
        save_file(masks, folder / "masks.safetensors")
        write_json(result._asdict(), folder / "sparsity.json")
        logger.info("zeros: %.4f of Linears, %.4f of all parameters", result.linears, result.model)


def gradual_pruning(text: str) -> GradualPruning:
    """An argparse type: JSON, or @FILE, with rate, until, every, and the fields of `Selection`.

    Raises:
        ArgumentTypeError: it is not JSON, or lacks a key.
    """
    section = json_object(text)
    selection = read_record(Selection, section, "gradual")
    return read_record(GradualPruning, {**section, "selection": selection}, "gradual")
