"""The zeros of a pruned checkpoint, counted."""

from typing import NamedTuple

from dsi.model.masks import Tensors
from dsi.pruning.layers import linear_names


class Sparsity(NamedTuple):
    """Shares of zero weights, and the counts behind them.

    The base is the dense checkpoint as it is stored, as that of the compression (dsi.efficiency.sizes).
    nominal: the rate asked for; linears: over all its Linear weights but lm_head; model: over all its
    weights, that is 1 - nonzero / parameters. Weights that were removed count as zeros; those that an
    output head has of its own, untied to be pruned, come on top of the stored ones: with few zeros `model` is
    below 0. parameters, linear_parameters: of the dense checkpoint; nonzero: of the pruned one.
    """

    nominal: float
    linears: float
    model: float
    parameters: int
    linear_parameters: int
    nonzero: int


def sparsity(weights: Tensors, nominal: float, dense: Tensors | None = None) -> Sparsity:
    """Count the zeros of a checkpoint's weights.

    Args:
        dense: the dense checkpoint as it is stored, where pruning has changed which tensors there are, or
            their shapes.
    """
    before = weights if dense is None else dense
    linear_parameters = sum(before[name].numel() for name in linear_names(before))
    parameters = sum(weight.numel() for weight in before.values())
    nonzero = sum(int(weight.count_nonzero()) for weight in weights.values())
    linear_nonzero = sum(int(weights[name].count_nonzero()) for name in linear_names(weights))
    return Sparsity(
        nominal=nominal,
        linears=1 - linear_nonzero / linear_parameters,
        model=1 - nonzero / parameters,
        parameters=parameters,
        linear_parameters=linear_parameters,
        nonzero=nonzero,
    )
