"""LAMP: layer-adaptive magnitude, one threshold for all tensors (Lee et al. 2021)."""

from collections.abc import Sequence

import torch

from dsi.model.masks import Tensors
from dsi.pruning.evidence import Evidence, Pruned, pruned_by_masks
from dsi.pruning.thresholds import global_masks


def prune(weights: Tensors, names: Sequence[str], rate: float, _: Evidence) -> Pruned:
    """Mask the round(rate · n) lowest scores of all n named weights, whatever tensor they are in."""
    scores = {name: lamp_scores(weights[name]) for name in names}
    return pruned_by_masks(weights, global_masks(scores, rate))


def lamp_scores(weight: torch.Tensor) -> torch.Tensor:
    """Of each weight of a tensor w² / Σ v² over the v that are at least as large; in its shape, float64.

    The largest has 1, so that no tensor loses its last weight before all others have lost theirs. 0 of zeros.
    """
    squares, order = weight.double().square().reshape(-1).sort(stable=True)
    left = squares.flip(0).cumsum(0).flip(0)
    scores = torch.empty_like(squares)
    scores[order] = torch.where(squares > 0, squares / left, 0)
    return scores.reshape(weight.shape)
