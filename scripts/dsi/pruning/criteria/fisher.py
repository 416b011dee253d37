"""Fisher: the weights go whose loss costs least by its second-order change (Theis et al. 2018).

Taking a weight w away changes the loss by ½ H w² at a minimum; the diagonal of the empirical Fisher
information stands for H. It is over batches of texts: F = mean_b g_b², g_b the gradient of a batch.
"""

from collections.abc import Sequence

from dsi.model.masks import Tensors
from dsi.pruning.errors import PruningError
from dsi.pruning.evidence import Evidence, Pruned, pruned_by_masks
from dsi.pruning.thresholds import layerwise_masks


def prune(weights: Tensors, names: Sequence[str], rate: float, evidence: Evidence) -> Pruned:
    """Mask the round(rate · n) of the n weights of each named tensor with the least w² · F.

    Raises:
        PruningError: a weight has no gradients.
    """
    for name in names:
        if name not in evidence.fisher:
            raise PruningError(f"{name}: found no gradients, expected those of some batches of texts")
    # The ½ is the same for all.
    importances = {name: weights[name].square() * evidence.fisher[name] for name in names}
    return pruned_by_masks(weights, layerwise_masks(importances, rate))
