"""Whole feed-forward units go, by their norm (Li et al. 2017): the model is smaller."""

import re
from collections.abc import Sequence

import torch

from dsi.model.masks import Tensors
from dsi.pruning.errors import PruningError
from dsi.pruning.evidence import Evidence, Pruned
from dsi.pruning.thresholds import layerwise_masks

_UNITS = re.compile(r"^(.+\.DenseReluDense)\.wo\.weight$")


def prune(weights: Tensors, names: Sequence[str], rate: float, _: Evidence) -> Pruned:
    """Remove the round(rate · d_ff) least important units of every feed-forward layer; the order stays.

    Raises:
        PruningError: not every feed-forward layer is to be pruned, or no unit would be left.
    """
    importances = unit_importances(weights)
    untouched = [prefix for prefix in importances if f"{prefix}.wo.weight" not in names]
    if untouched or not importances:
        raise PruningError(
            f"criterion ffn: found {len(importances) - len(untouched)} of {len(importances)} feed-forward "
            "layers to be pruned, expected all, as a T5 has one d_ff; for example stacks: [encoder, decoder] "
            "and kinds: [feed_forward]"
        )
    masks = layerwise_masks(importances, rate)
    smaller = dict(weights)
    for prefix, mask in masks.items():
        if not mask.any():
            raise PruningError(
                f"criterion ffn: rate {rate} leaves none of {len(mask)} units, expected one or more"
            )
        smaller[f"{prefix}.wo.weight"] = weights[f"{prefix}.wo.weight"][:, mask].contiguous()
        for name in _incoming(weights, prefix):
            smaller[name] = weights[name][mask]
    return Pruned(smaller, {}, d_ff=int(mask.sum()))


def unit_importances(weights: Tensors) -> dict[str, torch.Tensor]:
    """Of each feed-forward layer, by its prefix: the L2 norm of each unit's weights, in and out.

    √(Σ w²) over the unit's row of wi (or of wi_0 and wi_1) and its column of wo; (d_ff,).
    """
    importances = {}
    for prefix in _feed_forward(weights):
        squares = weights[f"{prefix}.wo.weight"].square().sum(dim=0)
        for name in _incoming(weights, prefix):
            squares = squares + weights[name].square().sum(dim=1)
        importances[prefix] = squares.sqrt()
    return importances


def _feed_forward(weights: Tensors) -> list[str]:
    """Prefixes of the feed-forward layers, sorted."""
    return sorted(found[1] for found in map(_UNITS.match, weights) if found)


def _incoming(weights: Tensors, prefix: str) -> list[str]:
    return [
        f"{prefix}.{name}.weight" for name in ("wi", "wi_0", "wi_1") if f"{prefix}.{name}.weight" in weights
    ]
