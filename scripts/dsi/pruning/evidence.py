"""What a criterion is given besides the weights, and what it gives back.

Every file of dsi.pruning.criteria has a function `prune(weights, names, rate, evidence) -> Pruned`. Most
follow four steps: importances → threshold (dsi.pruning.thresholds) → masks → apply.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch

from dsi.model.masks import Tensors, apply_masks
from dsi.pruning.errors import PruningError
from dsi.pruning.layers import EMBEDDING


class Evidence(NamedTuple):
    """What criteria look at besides the weights.

    seed: of `random`. hessians: for each Linear's weight (rows, columns) the sum of x xᵀ over its inputs
    x, (columns, columns); for wanda and sparsegpt. fisher: the mean of each weight's squared
    gradients, in its shape; for fisher.
    """

    seed: int = 0
    hessians: Mapping[str, torch.Tensor] = {}
    fisher: Mapping[str, torch.Tensor] = {}


class Pruned(NamedTuple):
    """A pruned checkpoint: all weights, the masks of those pruned, d_ff where units were removed."""

    weights: Tensors
    masks: Tensors
    d_ff: int | None = None


def pruned_by_masks(weights: Tensors, masks: Tensors) -> Pruned:
    """What a criterion gives that only masks: the weights are zero under the masks, else as they were."""
    return Pruned(apply_masks(weights, masks), masks)


def hessian_of(name: str, weight: torch.Tensor, hessians: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Σ x xᵀ over a Linear's inputs, (columns, columns); the identity for the embedding.

    Raises:
        PruningError: it was not collected.
    """
    # The embedding is looked up, not multiplied: no input of it is larger than another.
    if name == EMBEDDING and name not in hessians:
        return torch.eye(weight.shape[1])
    if name not in hessians:
        raise PruningError(f"{name}: found no calibration inputs, expected those of some queries")
    return hessians[name]
