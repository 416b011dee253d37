"""Where a phase of training begins: a model, masks, and the optimiser's state."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.model.masks import check_masks
from dsi.model.t5 import untie_head
from dsi.model.weights import read_tensors
from dsi.training.arguments import TrainingArguments


class Start(NamedTuple):
    """Where a phase begins.

    masks: parameter name → boolean mask, True where a weight is kept; empty for dense training. moments:
    optimiser state to go on from (`dsi.training.optimisation.optimiser_moments`), None to start afresh.
    stored: the weights' file of the checkpoint that the model was loaded from, None for a new model.
    """

    model: T5ForConditionalGeneration
    masks: Mapping[str, torch.Tensor] = {}
    moments: Mapping[str, torch.Tensor] | None = None
    stored: Path | None = None


def start_of(model: T5ForConditionalGeneration, arguments: TrainingArguments, untie: bool) -> Start:
    """The start of a phase that a command's arguments describe; masks that change keep everything at first.

    Args:
        untie: whether E2 gives the model's output head weights of its own, in place.

    Raises:
        PruningError: the weights that --prune selects are not there.
        UnfitMasksError: masks name weights that the model does not have.
    """
    if arguments.phase == "E2" and untie:
        untie_head(model)
    weights = dict(model.named_parameters())
    masks = {}
    if arguments.masks is not None:
        masks = read_tensors(arguments.masks)
        of_masks = {name: weight for name, weight in weights.items() if name in masks}
        check_masks(masks, of_masks, str(arguments.masks))
    if arguments.prune is not None:
        masks = arguments.prune.first_masks(weights)
    moments = read_tensors(arguments.moments) if arguments.moments else None
    return Start(model, masks, moments, arguments.start / "model.safetensors" if arguments.start else None)
