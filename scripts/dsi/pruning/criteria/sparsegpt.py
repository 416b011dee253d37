"""SparseGPT: the weights that stay make up for those that go (Frantar & Alistarh 2023, Algorithm 1)."""

from collections.abc import Sequence

import torch

from dsi.model.masks import Tensors
from dsi.pruning.evidence import Evidence, Pruned, hessian_of
from dsi.pruning.thresholds import layerwise_masks

# SparseGPT's constants, as in the paper and its code.
BLOCK = 128
DAMPING = 0.01


def prune(weights: Tensors, names: Sequence[str], rate: float, evidence: Evidence) -> Pruned:
    """Prune and update each named Linear; the embedding's inputs count as equal.

    Raises:
        PruningError: a weight has no calibration inputs.
    """
    updated, masks = dict(weights), {}
    for name in names:
        hessian = hessian_of(name, weights[name], evidence.hessians)
        updated[name], masks[name] = sparsegpt(weights[name], hessian, rate)
    return Pruned(updated, masks)


def sparsegpt(
    weight: torch.Tensor, hessian: torch.Tensor, rate: float, block: int = BLOCK, damping: float = DAMPING
) -> tuple[torch.Tensor, torch.Tensor]:
    """Prune one Linear and let the weights that stay make up for those that go.

    Columns are pruned from left to right. The error of each is compensated by the columns to its right,
    as the optimal brain surgeon would with the columns to its left fixed. In each block of columns the
    weights with the least w² / [H⁻¹]² go, whatever their rows (Algorithm 1), H⁻¹ being the Cholesky
    factor of the inverse.

    Args:
        weight: (rows, columns).
        hessian: (columns, columns), Σ x xᵀ over the Linear's inputs; its scale does not matter.
        damping: share of the diagonal's mean that is added to the diagonal.

    Returns:
        The new weight, in its dtype, and the mask.
    """
    factor = _inverse_factor(hessian.double(), damping)
    work = weight.double().clone()
    mask = torch.ones_like(weight, dtype=torch.bool)
    for first in range(0, weight.shape[1], block):
        inside, after = slice(first, first + block), slice(first + block, None)
        saliency = (work[:, inside] / factor.diagonal()[inside]) ** 2
        mask[:, inside] = layerwise_masks({"block": saliency}, rate)["block"]
        errors = _compensate(work[:, inside], mask[:, inside], factor[inside, inside])
        work[:, after] -= errors @ factor[inside, after]
    return torch.where(mask, work, 0).to(weight.dtype), mask


def _inverse_factor(hessian: torch.Tensor, damping: float) -> torch.Tensor:
    """Upper Cholesky factor U of the damped inverse, H⁻¹ = Uᵀ U.

    U[j, j]² is the first diagonal entry of the inverse of H[j:, j:], and U[j, j:] / U[j, j] its first row
    over that entry: what pruning column j after those before it needs (the paper's section 3.3).
    """
    mean = hessian.diagonal().mean().item()
    # Inputs that are all zero say nothing about any weight.
    added = damping * mean if mean > 0 else 1.0
    damped = hessian + added * torch.eye(len(hessian), dtype=hessian.dtype)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    factor: torch.Tensor = torch.linalg.cholesky(inverse, upper=True)
    return factor


def _compensate(block: torch.Tensor, mask: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Prune a block's columns in place, from left to right; (rows, columns) errors for what follows."""
    errors = torch.zeros_like(block)
    for column in range(block.shape[1]):
        gone = block[:, column].masked_fill(mask[:, column], 0)
        errors[:, column] = gone / factor[column, column]
        block[:, column:] -= torch.outer(errors[:, column], factor[column, column:])
    return errors
