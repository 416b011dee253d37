"""The zeros of a pruned checkpoint, counted."""

from typing import NamedTuple

from dsi.model.masks import Tensors
from dsi.pruning.layers import linear_names


class Sparsity(NamedTuple):
    """Shares of zero weights, and the counts behind them.

    nominal: the rate asked for; linears: over all Linear weights but lm_head; model: over every
    parameter of the checkpoint. Weights that were removed count as zeros.
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
        dense: the weights before pruning, where pruning has made tensors smaller.
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
