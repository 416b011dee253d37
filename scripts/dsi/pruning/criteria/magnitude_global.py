"""Magnitude with one threshold for all tensors (Blalock et al. 2020, ShrinkBench)."""

from collections.abc import Sequence

from dsi.model.masks import Tensors
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.evidence import Evidence, Pruned, pruned_by_masks
from dsi.pruning.thresholds import global_masks


def prune(weights: Tensors, names: Sequence[str], rate: float, _: Evidence) -> Pruned:
    """Mask the round(rate · n) smallest of all n named weights, whatever tensor they are in."""
    importances = magnitude_importances({name: weights[name] for name in names})
    return pruned_by_masks(weights, global_masks(importances, rate))
