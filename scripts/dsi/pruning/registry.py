"""Criteria: by what a weight is judged, all with one interface.

Each follows the four steps importances → threshold → masks → apply and is a `Criterion` of CRITERIA;
`prune` runs one. Works on named tensors; what a criterion looks at besides the weights is `Evidence`,
which dsi.pruning.calibration collects. Does not know models, files or training; a criterion that prunes during
training is in dsi.pruning.gradual.

Sources: magnitude, Han et al. 2015; its global threshold and the random control, Blalock et al. 2020
(ShrinkBench); Wanda, Sun et al. 2024; SparseGPT, Frantar & Alistarh 2023, Algorithm 1; movement, Sanh et
al. 2020; 2of4 (2:4 masks), Mishra et al. 2021; removal of units by norm, Li et al. 2017.
"""

from collections.abc import Sequence

from dsi.model.masks import Tensors
from dsi.pruning.criteria.feed_forward_units import prune_units
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.criteria.movement import movement_importances
from dsi.pruning.criteria.random_control import random_importances
from dsi.pruning.criteria.sparsegpt import prune_with_sparsegpt
from dsi.pruning.criteria.two_of_four import two_of_four_masks
from dsi.pruning.criteria.wanda import wanda_importances
from dsi.pruning.evidence import Criterion, Evidence, Pruned, masked_criterion
from dsi.pruning.layers import PruningError
from dsi.pruning.thresholds import global_masks, layerwise_masks, rowwise_masks


def prune(
    weights: Tensors, names: Sequence[str], criterion: str, rate: float, evidence: Evidence | None = None
) -> Pruned:
    """Prune the named weights of a checkpoint; the others are shared, not copied.

    Args:
        criterion: a key of CRITERIA.
        rate: fraction to prune, in [0, 1).

    Raises:
        PruningError: the criterion is unknown, the rate is out of range, or they do not fit the weights.
    """
    if criterion not in CRITERIA:
        raise PruningError(f"criteria: found {criterion!r}, expected one of {', '.join(CRITERIA)}")
    if not 0 <= rate < 1:
        raise PruningError(f"rates: found {rate}, expected a fraction from 0 to below 1, for example 0.5")
    return CRITERIA[criterion].prune(weights, names, rate, evidence or Evidence())


CRITERIA: dict[str, Criterion] = {
    "magnitude": Criterion(
        masked_criterion(lambda weights, _: magnitude_importances(weights), layerwise_masks)
    ),
    "magnitude-global": Criterion(
        masked_criterion(lambda weights, _: magnitude_importances(weights), global_masks)
    ),
    "random": Criterion(
        masked_criterion(
            lambda weights, evidence: random_importances(weights, evidence.seed), layerwise_masks
        )
    ),
    "wanda": Criterion(
        masked_criterion(
            lambda weights, evidence: wanda_importances(weights, evidence.hessians), rowwise_masks
        ),
        "inputs",
    ),
    "sparsegpt": Criterion(prune_with_sparsegpt, "inputs"),
    "movement": Criterion(
        masked_criterion(
            lambda weights, evidence: movement_importances(weights, evidence.movement), layerwise_masks
        ),
        "gradients",
    ),
    "2of4": Criterion(masked_criterion(lambda weights, _: magnitude_importances(weights), two_of_four_masks)),
    "ffn": Criterion(prune_units),
}
