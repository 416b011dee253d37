"""Magnitude: the smallest weights of each tensor go (Han et al. 2015)."""

from collections.abc import Sequence

from dsi.model.masks import Tensors
from dsi.pruning.evidence import Evidence, Pruned, pruned_by_masks
from dsi.pruning.thresholds import layerwise_masks


def prune(weights: Tensors, names: Sequence[str], rate: float, _: Evidence) -> Pruned:
    """Mask the round(rate · n) smallest of the n weights of each named tensor."""
    importances = magnitude_importances({name: weights[name] for name in names})
    return pruned_by_masks(weights, layerwise_masks(importances, rate))


def magnitude_importances(weights: Tensors) -> Tensors:
    """|w| of every weight: the L1 criterion."""
    return {name: weight.abs() for name, weight in weights.items()}
