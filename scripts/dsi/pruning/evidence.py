"""What a criterion looks at, what it gives back, and the criterion that only masks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import torch

from dsi.model.masks import Tensors, apply_masks
from dsi.pruning.layers import EMBEDDING, PruningError


class Evidence(NamedTuple):
    """What criteria look at besides the weights.

    seed: of `random`. hessians: for each Linear's weight (rows, columns) the sum of x xᵀ over its inputs
    x, (columns, columns); for wanda and sparsegpt. movement: S = -Σ w · ∂L/∂w of each weight, in its
    shape; for movement.
    """

    seed: int = 0
    hessians: Mapping[str, torch.Tensor] = {}
    movement: Mapping[str, torch.Tensor] = {}


class Pruned(NamedTuple):
    """A pruned checkpoint: all weights, the masks of those pruned, d_ff where units were removed."""

    weights: Tensors
    masks: Tensors
    d_ff: int | None = None


class Criterion(NamedTuple):
    """How to prune, and what evidence that needs.

    prune: weights, names of those to prune, rate, evidence → the pruned checkpoint.
    """

    prune: Callable[[Tensors, Sequence[str], float, Evidence], Pruned]
    needs: Literal["weights", "inputs", "gradients"] = "weights"


def masked_criterion(
    importances: Callable[[Tensors, Evidence], Tensors], masks: Callable[[Tensors, float], Tensors]
) -> Callable[[Tensors, Sequence[str], float, Evidence], Pruned]:
    """A criterion that only masks: the four steps."""

    def prune_by_masks(weights: Tensors, names: Sequence[str], rate: float, evidence: Evidence) -> Pruned:
        chosen = masks(importances({name: weights[name] for name in names}, evidence), rate)
        return Pruned(apply_masks(weights, chosen), chosen)

    return prune_by_masks


def hessian_of(name: str, weight: torch.Tensor, hessians: Mapping[str, torch.Tensor]) -> torch.Tensor:
    # The embedding is looked up, not multiplied: no input of it is larger than another.
    if name == EMBEDDING and name not in hessians:
        return torch.eye(weight.shape[1])
    if name not in hessians:
        raise PruningError(f"{name}: found no calibration inputs, expected those of some queries")
    return hessians[name]
