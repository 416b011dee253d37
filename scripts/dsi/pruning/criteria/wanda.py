"""Wanda: weight times the norm of its input (Sun et al. 2024)."""

from collections.abc import Mapping

import torch

from dsi.model.masks import Tensors
from dsi.pruning.evidence import hessian_of


def wanda_importances(weights: Tensors, hessians: Mapping[str, torch.Tensor]) -> Tensors:
    """|w_ij| · ‖x_j‖₂, x_j being input feature j over all calibration positions: √ of H's diagonal.

    Raises:
        PruningError: a weight has no calibration inputs.
    """
    return {
        name: weight.abs() * hessian_of(name, weight, hessians).diagonal().sqrt().to(weight.dtype)
        for name, weight in weights.items()
    }
