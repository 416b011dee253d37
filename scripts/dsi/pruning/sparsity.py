"""The zeros of a pruned checkpoint, counted."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dsi.docids.identifiers import ATOMIC
from dsi.model.checkpoint import read_description
from dsi.model.masks import Tensors
from dsi.pruning.layers import effective_names, linear_names


class Sparsity(NamedTuple):
    """Shares of zero weights, and the counts behind them.

    The base is the dense checkpoint as it is stored, as that of the compression (dsi.efficiency.sizes).
    nominal: the rate asked for; linears: over all its Linear weights but lm_head; effective:
    over those of them that can matter (`dsi.pruning.layers.effective_names`); model: over all its
    weights, that is 1 - nonzero / parameters. Weights that were removed count as zeros; those that an
    output head has of its own, untied to be pruned, come on top of the stored ones: with few zeros `model` is
    below 0. parameters, linear_parameters: of the dense checkpoint; nonzero: of the pruned one.
    """

    nominal: float
    linears: float
    effective: float
    model: float
    parameters: int
    linear_parameters: int
    nonzero: int


def sparsity(weights: Tensors, nominal: float, dense: Tensors | None = None, *, one_step: bool) -> Sparsity:
    """Count the zeros of a checkpoint's weights.

    Args:
        dense: the dense checkpoint as it is stored, where pruning has changed which tensors there are, or
            their shapes.
        one_step: whether the model decodes one step only, which leaves some Linears nothing to do.
    """
    before = weights if dense is None else dense
    linear_parameters = sum(before[name].numel() for name in linear_names(before))
    parameters = sum(weight.numel() for weight in before.values())
    nonzero = sum(int(weight.count_nonzero()) for weight in weights.values())
    linear_nonzero = _nonzero(weights, linear_names(weights))
    effective = effective_names(before, one_step)
    effective_parameters = sum(before[name].numel() for name in effective)
    return Sparsity(
        nominal=nominal,
        linears=1 - linear_nonzero / linear_parameters,
        effective=1 - _nonzero(weights, effective) / effective_parameters,
        model=1 - nonzero / parameters,
        parameters=parameters,
        linear_parameters=linear_parameters,
        nonzero=nonzero,
    )


def decodes_one_step(checkpoint: Path) -> bool:
    """Whether the model of a checkpoint folder ranks after one decoder step: its docids are atomic."""
    return read_description(checkpoint).scheme == ATOMIC


def _nonzero(weights: Tensors, names: Iterable[str]) -> int:
    return sum(int(weights[name].count_nonzero()) for name in names)
