"""Random: the control of every criterion (Blalock et al. 2020, ShrinkBench)."""

import hashlib
from collections.abc import Sequence

import torch

from dsi.model.masks import Tensors
from dsi.pruning.evidence import Evidence, Pruned, pruned_by_masks
from dsi.pruning.thresholds import layerwise_masks


def prune(weights: Tensors, names: Sequence[str], rate: float, evidence: Evidence) -> Pruned:
    """Mask round(rate · n) of the n weights of each named tensor, drawn by the evidence's seed."""
    importances = random_importances({name: weights[name] for name in names}, evidence.seed)
    return pruned_by_masks(weights, layerwise_masks(importances, rate))


def random_importances(weights: Tensors, seed: int) -> Tensors:
    """Uniform in [0, 1), from the seed and the tensor's name: no tensor's depend on another's."""
    importances = {}
    for name, weight in weights.items():
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))
        importances[name] = torch.rand(weight.shape, generator=generator)
    return importances
