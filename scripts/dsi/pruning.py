"""Pruning: which weights of a checkpoint go, as boolean masks, and what that leaves.

Four steps: importances → threshold → masks → apply (dsi.masks). Works on named tensors as safetensors
holds them, so that pruning needs neither a model class nor `torch.nn.utils.prune`, whose
reparametrisation triples the memory and whose removal prunes T5's tied embedding. Does not know files
or training.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import torch

from dsi.masks import Tensors

EMBEDDING = "shared.weight"
LM_HEAD = "lm_head.weight"
# Every torch.nn.Linear of a T5, lm_head apart: attention projections and feed-forward layers.
_LINEAR = re.compile(r"\.(q|k|v|o|wi|wi_0|wi_1|wo)\.weight$")


class PruningError(ValueError):
    """The pruning that was asked for cannot be done; the message says why and what can."""


class Sparsity(NamedTuple):
    """Shares of zero weights, and the counts behind them.

    nominal: the rate asked for; linears: over all Linear weights but lm_head; model: over every
    parameter of the checkpoint.
    """

    nominal: float
    linears: float
    model: float
    parameters: int
    linear_parameters: int
    nonzero: int


def linear_names(weights: Mapping[str, torch.Tensor]) -> list[str]:
    """Names of the Linear weights of a T5 checkpoint, lm_head apart, sorted."""
    return sorted(name for name in weights if _LINEAR.search(name))


def prunable_names(
    weights: Mapping[str, torch.Tensor], lm_head: bool = False, embedding: bool = False
) -> list[str]:
    """Names of the weights to prune: every Linear's, and the embedding or head if asked for.

    Raises:
        PruningError: lm_head is asked for alone, but the checkpoint ties it to the embedding.
    """
    names = linear_names(weights)
    if embedding:
        names.append(EMBEDDING)
    if lm_head and LM_HEAD in weights:
        names.append(LM_HEAD)
    elif lm_head and not embedding:
        raise PruningError(
            "pruning.lm_head: true, but this model ties lm_head to the embedding, so pruning one "
            "prunes both; set pruning.embedding: true as well, or pruning.lm_head: false"
        )
    return sorted(names)


def magnitude_importances(weights: Tensors) -> Tensors:
    """|w| of every weight: the L1 criterion."""
    return {name: weight.abs() for name, weight in weights.items()}


def layerwise_masks(importances: Tensors, rate: float) -> Tensors:
    """Drop the round(rate · n) least important of each tensor's n weights.

    The choice among equals is `torch.topk`'s, as in `torch.nn.utils.prune.l1_unstructured`, so the
    masks are equal to its masks.
    """
    masks = {}
    for name, importance in importances.items():
        mask = torch.ones(importance.numel(), dtype=torch.bool)
        dropped = round(rate * importance.numel())
        if dropped:
            mask[importance.reshape(-1).topk(dropped, largest=False).indices] = False
        masks[name] = mask.reshape(importance.shape)
    return masks


def sparsity(weights: Tensors, nominal: float) -> Sparsity:
    """Count the zeros of a checkpoint's weights."""
    linears = [weights[name] for name in linear_names(weights)]
    linear_parameters = sum(weight.numel() for weight in linears)
    parameters = sum(weight.numel() for weight in weights.values())
    nonzero = sum(int(weight.count_nonzero()) for weight in weights.values())
    linear_nonzero = sum(int(weight.count_nonzero()) for weight in linears)
    return Sparsity(
        nominal=nominal,
        linears=1 - linear_nonzero / linear_parameters,
        model=1 - nonzero / parameters,
        parameters=parameters,
        linear_parameters=linear_parameters,
        nonzero=nonzero,
    )
