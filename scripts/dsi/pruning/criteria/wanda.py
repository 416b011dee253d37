"""Wanda: weight times the norm of its input (Sun et al. 2024)."""

from collections.abc import Mapping, Sequence

import torch

from dsi.model.masks import Tensors
from dsi.pruning.evidence import Evidence, Pruned, hessian_of, pruned_by_masks
from dsi.pruning.thresholds import rowwise_masks


def prune(weights: Tensors, names: Sequence[str], rate: float, evidence: Evidence) -> Pruned:
    """Mask the least important weights of each row of each named tensor, round(rate · n) of its n weights.

    Raises:
        PruningError: a weight has no calibration inputs.
    """
    importances = wanda_importances({name: weights[name] for name in names}, evidence.hessians)
    return pruned_by_masks(weights, rowwise_masks(importances, rate))


def wanda_importances(weights: Tensors, hessians: Mapping[str, torch.Tensor]) -> Tensors:
    """|w_ij| · ‖x_j‖₂, x_j being input feature j over all calibration positions: √ of H's diagonal.

    Raises:
        PruningError: a weight has no calibration inputs.
    """
    return {
        name: weight.abs() * hessian_of(name, weight, hessians).diagonal().sqrt().to(weight.dtype)
        for name, weight in weights.items()
    }
