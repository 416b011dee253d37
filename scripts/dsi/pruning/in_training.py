"""Pruning while a model trains: of which weights, by which criterion, and what is written of it.

The criteria that the registry says look at "training". Each has a record of its settings whose `growth` gives
what changes the masks: `dsi.model.masks.Growth`.
"""

import logging
from argparse import ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file

from dsi.base.command import json_object
from dsi.base.files import write_json
from dsi.base.records import read_record
from dsi.model.masks import Growth, Tensors
from dsi.model.weights import read_tensors
from dsi.pruning.gradual import GradualSettings
from dsi.pruning.iterative import IterativeSettings
from dsi.pruning.movement import MovementSettings
from dsi.pruning.selection import Selection
from dsi.pruning.sparsity import decodes_one_step, sparsity

logger = logging.getLogger(__name__)

SETTINGS = {"gradual": GradualSettings, "iterative": IterativeSettings, "movement": MovementSettings}


@dataclass(frozen=True)
class PruningInTraining:
    """What is pruned in a phase of training.

    criterion: a key of SETTINGS, of whose kind `settings` is. rate: fraction of each tensor's weights at the
    end. selection: which weights.
    """

    criterion: str
    rate: float
    settings: GradualSettings | IterativeSettings | MovementSettings
    selection: Selection = field(default_factory=Selection)

    def first_masks(self, weights: Mapping[str, torch.Tensor]) -> Tensors:
        """Masks that keep everything, of the weights that will be pruned.

        Raises:
            PruningError: the selection does not fit the weights.
        """
        return {
            name: torch.ones(weights[name].shape, dtype=torch.bool) for name in self.selection.names(weights)
        }

    def growth(self) -> Growth:
        """What changes the masks of one training."""
        return self.settings.growth(self.rate)

    def write(self, masks: Tensors, folder: Path, stored: Path | None = None) -> None:
        """Write the masks as they are at the end, and the zeros of the checkpoint in the same folder.

        Args:
            stored: the weights of the dense checkpoint, of which zeros are a share: an output head that has
                been untied from the embedding since then is no part of them.
        """
        dense = read_tensors(stored) if stored else None
        weights = read_tensors(folder / "model.safetensors")
        result = sparsity(weights, self.rate, dense, one_step=decodes_one_step(folder))
        save_file(masks, folder / "masks.safetensors")
        write_json(result._asdict(), folder / "sparsity.json")
        logger.info("zeros: %.4f of Linears, %.4f of all parameters", result.linears, result.model)


def pruning_in_training(text: str) -> PruningInTraining:
    """An argparse type: JSON, or @FILE, with criterion, rate, its settings, and the fields of `Selection`.

    Raises:
        ArgumentTypeError: it is not JSON, lacks a key, or names no criterion that prunes in training.
    """
    section = json_object(text)
    criterion = section.get("criterion")
    if criterion not in SETTINGS:
        raise ArgumentTypeError(f"criterion: found {criterion!r}, expected one of {', '.join(SETTINGS)}")
    given = {
        "settings": read_record(SETTINGS[criterion], section, criterion),
        "selection": read_record(Selection, section, criterion),
    }
    return read_record(PruningInTraining, {**section, **given}, criterion)
