"""ERK: magnitude at a rate of each layer's own, by its shape (Evci et al. 2020, "Rigging the Lottery").

Erdős–Rényi(-kernel) densities: a matrix of n rows and m columns keeps a share ε · (n + m) / (n · m); Linear
layers have no kernel. The larger a matrix, the further it is pruned.
"""

from collections.abc import Mapping, Sequence

from dsi.model.masks import Tensors
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.evidence import Evidence, Pruned, pruned_by_masks
from dsi.pruning.thresholds import layerwise_masks


def prune(weights: Tensors, names: Sequence[str], rate: float, _: Evidence) -> Pruned:
    """Mask the smallest weights of each named tensor, round(rate · n) of all n but for rounding by tensor."""
    shapes = {name: (weights[name].shape[0], weights[name].shape[1]) for name in names}
    masks: Tensors = {}
    for name, density in erk_densities(shapes, rate).items():
        masks |= layerwise_masks(magnitude_importances({name: weights[name]}), 1 - density)
    return pruned_by_masks(weights, masks)


def erk_densities(shapes: Mapping[str, tuple[int, int]], rate: float) -> dict[str, float]:
    """The share that each matrix (rows, columns) keeps, so that a share 1 - rate of all weights is kept.

    A matrix that would keep more than all of its weights keeps all, and the others share what is left.
    """
    whole: set[str] = set()
    while True:
        spread = {name: shape for name, shape in shapes.items() if name not in whole}
        kept = (1 - rate) * sum(rows * columns for rows, columns in shapes.values())
        kept -= sum(shapes[name][0] * shapes[name][1] for name in whole)
        scale = kept / sum(map(sum, spread.values()))
        densities = {
            name: scale * (rows + columns) / (rows * columns) for name, (rows, columns) in spread.items()
        }
        above = {name for name, density in densities.items() if density > 1}
        if not above:
            return {name: densities.get(name, 1.0) for name in shapes}
        whole |= above
