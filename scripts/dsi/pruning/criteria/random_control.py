"""Random: the control of every criterion (Blalock et al. 2020, ShrinkBench)."""

import hashlib

import torch

from dsi.model.masks import Tensors


def random_importances(weights: Tensors, seed: int) -> Tensors:
    """Uniform in [0, 1), from the seed and the tensor's name: no tensor's depend on another's."""
    importances = {}
    for name, weight in weights.items():
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))
        importances[name] = torch.rand(weight.shape, generator=generator)
    return importances
