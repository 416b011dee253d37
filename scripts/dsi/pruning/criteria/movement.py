"""Movement: what training moves towards zero goes (Sanh et al. 2020)."""

from collections.abc import Mapping

import torch

from dsi.model.masks import Tensors
from dsi.pruning.layers import PruningError


def movement_importances(weights: Tensors, movement: Mapping[str, torch.Tensor]) -> Tensors:
    """S itself: large where training moves a weight away from zero.

    Raises:
        PruningError: a weight has no score.
    """
    for name in weights:
        if name not in movement:
            raise PruningError(f"{name}: found no movement scores, expected those of one pass of training")
    return {name: movement[name] for name in weights}
