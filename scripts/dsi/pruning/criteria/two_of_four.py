"""2:4: two of each four consecutive inputs go (Mishra et al. 2021)."""

from collections.abc import Sequence

from dsi.model.masks import Tensors
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.errors import PruningError
from dsi.pruning.evidence import Evidence, Pruned, pruned_by_masks
from dsi.pruning.thresholds import rowwise_masks

GROUP = 4  # of 2:4


def prune(weights: Tensors, names: Sequence[str], rate: float, _: Evidence) -> Pruned:
    """Mask the two smallest of each four consecutive inputs in every row of the named tensors.

    Raises:
        PruningError: the rate is not 0.5, or a row's length is no multiple of 4.
    """
    importances = magnitude_importances({name: weights[name] for name in names})
    return pruned_by_masks(weights, two_of_four_masks(importances, rate))


def two_of_four_masks(importances: Tensors, rate: float) -> Tensors:
    """Drop the two least important of each four consecutive inputs.

    Raises:
        PruningError: the rate is not 0.5, or a row's length is no multiple of 4.
    """
    if rate != 0.5:
        raise PruningError(f"criterion 2of4: found rate {rate}, expected 0.5, the only one that it has")
    masks = {}
    for name, importance in importances.items():
        if importance.shape[1] % GROUP:
            raise PruningError(
                f"{name}: found {importance.shape[1]} inputs, expected a multiple of 4 for criterion 2of4, "
                "for example d_model: 128"
            )
        groups = importance.reshape(-1, GROUP)
        masks[name] = rowwise_masks({name: groups}, rate)[name].reshape(importance.shape)
    return masks
