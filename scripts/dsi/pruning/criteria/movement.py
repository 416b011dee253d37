"""Movement: the weights that training moves towards zero go (Sanh et al. 2020)."""

from collections.abc import Sequence

from dsi.model.masks import Tensors
from dsi.pruning.errors import PruningError
from dsi.pruning.evidence import Evidence, Pruned, pruned_by_masks
from dsi.pruning.thresholds import layerwise_masks


def prune(weights: Tensors, names: Sequence[str], rate: float, evidence: Evidence) -> Pruned:
    """Mask the round(rate · n) lowest of the n scores S of each tensor: large where a weight moves from zero.

    Raises:
        PruningError: a weight has no score.
    """
    for name in names:
        if name not in evidence.movement:
            raise PruningError(f"{name}: found no movement scores, expected those of one pass of training")
    scores = {name: evidence.movement[name] for name in names}
    return pruned_by_masks(weights, layerwise_masks(scores, rate))
