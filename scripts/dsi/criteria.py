"""Criteria: by what a weight is judged, all with one interface.

Each follows the four steps importances → threshold → masks → apply and is a `Criterion` of CRITERIA;
`prune` runs one. Works on named tensors; what a criterion looks at besides the weights is `Evidence`,
which dsi.calibration collects. Does not know models, files or training; a criterion that prunes during
training is in dsi.gradual.

Sources: magnitude, Han et al. 2015; its global threshold and the random control, Blalock et al. 2020
(ShrinkBench); Wanda, Sun et al. 2024; SparseGPT, Frantar & Alistarh 2023, Algorithm 1; movement, Sanh et
al. 2020; 2of4 (2:4 masks), Mishra et al. 2021; removal of units by norm, Li et al. 2017.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import torch

from dsi.masks import Tensors, apply_masks
from dsi.pruning import EMBEDDING, PruningError, layerwise_masks, magnitude_importances

# SparseGPT's constants, as in the paper and its code.
BLOCK = 128
DAMPING = 0.01
GROUP = 4  # of 2:4

_UNITS = re.compile(r"^(.+\.DenseReluDense)\.wo\.weight$")


class Evidence(NamedTuple):
    """What criteria look at besides the weights.

    seed: of `random`. hessians: for each Linear's weight (rows, columns) the sum of x xᵀ over its inputs
    x, (columns, columns); for wanda and sparsegpt. movement: S = -Σ w · ∂L/∂w of each weight, in its
    shape; for movement.
    """

    seed: int = 0
    hessians: Mapping[str, torch.Tensor] = {}
    movement: Mapping[str, torch.Tensor] = {}


class Pruned(NamedTuple):
    """A pruned checkpoint: all weights, the masks of those pruned, d_ff where units were removed."""

    weights: Tensors
    masks: Tensors
    d_ff: int | None = None


class Criterion(NamedTuple):
    """How to prune, and what evidence that needs.

    prune: weights, names of those to prune, rate, evidence → the pruned checkpoint.
    """

    prune: Callable[[Tensors, Sequence[str], float, Evidence], Pruned]
    needs: Literal["weights", "inputs", "gradients"] = "weights"


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


def random_importances(weights: Tensors, seed: int) -> Tensors:
    """Uniform in [0, 1), from the seed and the tensor's name: no tensor's depend on another's."""
    importances = {}
    for name, weight in weights.items():
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))
        importances[name] = torch.rand(weight.shape, generator=generator)
    return importances


def wanda_importances(weights: Tensors, hessians: Mapping[str, torch.Tensor]) -> Tensors:
    """|w_ij| · ‖x_j‖₂, x_j being input feature j over all calibration positions: √ of H's diagonal.

    Raises:
        PruningError: a weight has no calibration inputs.
    """
    return {
        name: weight.abs() * _hessian(name, weight, hessians).diagonal().sqrt().to(weight.dtype)
        for name, weight in weights.items()
    }


def movement_importances(weights: Tensors, movement: Mapping[str, torch.Tensor]) -> Tensors:
    """S itself: large where training moves a weight away from zero.

    Raises:
        PruningError: a weight has no score.
    """
    for name in weights:
        if name not in movement:
            raise PruningError(f"{name}: found no movement scores, expected those of one pass of training")
    return {name: movement[name] for name in weights}


def global_masks(importances: Tensors, rate: float) -> Tensors:
    """Drop the round(rate · n) least important of all n weights, whatever tensor they are in.

    As `torch.nn.utils.prune.global_unstructured` does, ties included.
    """
    together = torch.cat([importance.reshape(-1) for importance in importances.values()])
    mask = layerwise_masks({"all": together}, rate)["all"]
    parts = torch.split(mask, [importance.numel() for importance in importances.values()])
    return {
        name: part.reshape(importance.shape)
        for (name, importance), part in zip(importances.items(), parts, strict=True)
    }


def rowwise_masks(importances: Tensors, rate: float) -> Tensors:
    """Drop the round(rate · columns) least important of each row: each output keeps as many inputs."""
    masks = {}
    for name, importance in importances.items():
        dropped = round(rate * importance.shape[1])
        least = importance.topk(dropped, dim=1, largest=False).indices
        masks[name] = torch.ones_like(importance, dtype=torch.bool).scatter_(1, least, False)
    return masks


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


def sparsegpt(
    weight: torch.Tensor, hessian: torch.Tensor, rate: float, block: int = BLOCK, damping: float = DAMPING
) -> tuple[torch.Tensor, torch.Tensor]:
    """Prune one Linear and let the weights that stay make up for those that go.

    Columns are pruned from left to right. The error of each is compensated by the columns to its right,
    as the optimal brain surgeon would with the columns to its left fixed. In each block of columns the
    weights with the least w² / [H⁻¹]² go, whatever their rows (Algorithm 1), H⁻¹ being the Cholesky
    factor of the inverse.

    Args:
        weight: (rows, columns).
        hessian: (columns, columns), Σ x xᵀ over the Linear's inputs; its scale does not matter.
        damping: share of the diagonal's mean that is added to the diagonal.

    Returns:
        The new weight, in its dtype, and the mask.
    """
    factor = _inverse_factor(hessian.double(), damping)
    work = weight.double().clone()
    mask = torch.ones_like(weight, dtype=torch.bool)
    for first in range(0, weight.shape[1], block):
        inside, after = slice(first, first + block), slice(first + block, None)
        saliency = (work[:, inside] / factor.diagonal()[inside]) ** 2
        mask[:, inside] = layerwise_masks({"block": saliency}, rate)["block"]
        errors = _compensate(work[:, inside], mask[:, inside], factor[inside, inside])
        work[:, after] -= errors @ factor[inside, after]
    return torch.where(mask, work, 0).to(weight.dtype), mask


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


def remove_units(weights: Tensors, names: Sequence[str], rate: float) -> Pruned:
    """Remove the round(rate · d_ff) least important units of every feed-forward layer; the order stays.

    Raises:
        PruningError: not every feed-forward layer is to be pruned, or no unit would be left.
    """
    importances = unit_importances(weights)
    spared = [prefix for prefix in importances if f"{prefix}.wo.weight" not in names]
    if spared or not importances:
        raise PruningError(
            f"criterion ffn: found {len(importances) - len(spared)} of {len(importances)} feed-forward "
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


def _masked(
    importances: Callable[[Tensors, Evidence], Tensors], masks: Callable[[Tensors, float], Tensors]
) -> Callable[[Tensors, Sequence[str], float, Evidence], Pruned]:
    """A criterion that only masks: the four steps."""

    def prune_by_masks(weights: Tensors, names: Sequence[str], rate: float, evidence: Evidence) -> Pruned:
        chosen = masks(importances({name: weights[name] for name in names}, evidence), rate)
        return Pruned(apply_masks(weights, chosen), chosen)

    return prune_by_masks


def _sparsegpt_all(weights: Tensors, names: Sequence[str], rate: float, evidence: Evidence) -> Pruned:
    updated, masks = dict(weights), {}
    for name in names:
        hessian = _hessian(name, weights[name], evidence.hessians)
        updated[name], masks[name] = sparsegpt(weights[name], hessian, rate)
    return Pruned(updated, masks)


def _remove_units(weights: Tensors, names: Sequence[str], rate: float, _: Evidence) -> Pruned:
    return remove_units(weights, names, rate)


def _hessian(name: str, weight: torch.Tensor, hessians: Mapping[str, torch.Tensor]) -> torch.Tensor:
    # The embedding is looked up, not multiplied: no input of it is larger than another.
    if name == EMBEDDING and name not in hessians:
        return torch.eye(weight.shape[1])
    if name not in hessians:
        raise PruningError(f"{name}: found no calibration inputs, expected those of some queries")
    return hessians[name]


def _inverse_factor(hessian: torch.Tensor, damping: float) -> torch.Tensor:
    """Upper Cholesky factor U of the damped inverse, H⁻¹ = Uᵀ U.

    U[j, j]² is the first diagonal entry of the inverse of H[j:, j:], and U[j, j:] / U[j, j] its first row
    over that entry: what pruning column j after those before it needs (the paper's section 3.3).
    """
    mean = hessian.diagonal().mean().item()
    # Inputs that are all zero say nothing about any weight.
    added = damping * mean if mean > 0 else 1.0
    damped = hessian + added * torch.eye(len(hessian), dtype=hessian.dtype)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    factor: torch.Tensor = torch.linalg.cholesky(inverse, upper=True)
    return factor


def _compensate(block: torch.Tensor, mask: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Prune a block's columns in place, from left to right; (rows, columns) errors for what follows."""
    errors = torch.zeros_like(block)
    for column in range(block.shape[1]):
        gone = block[:, column].masked_fill(mask[:, column], 0)
        errors[:, column] = gone / factor[column, column]
        block[:, column:] -= torch.outer(errors[:, column], factor[column, column:])
    return errors


def _feed_forward(weights: Tensors) -> list[str]:
    """Prefixes of the feed-forward layers, sorted."""
    return sorted(found[1] for found in map(_UNITS.match, weights) if found)


def _incoming(weights: Tensors, prefix: str) -> list[str]:
    return [
        f"{prefix}.{name}.weight" for name in ("wi", "wi_0", "wi_1") if f"{prefix}.{name}.weight" in weights
    ]


CRITERIA: dict[str, Criterion] = {
    "magnitude": Criterion(_masked(lambda weights, _: magnitude_importances(weights), layerwise_masks)),
    "magnitude-global": Criterion(_masked(lambda weights, _: magnitude_importances(weights), global_masks)),
    "random": Criterion(
        _masked(lambda weights, evidence: random_importances(weights, evidence.seed), layerwise_masks)
    ),
    "wanda": Criterion(
        _masked(lambda weights, evidence: wanda_importances(weights, evidence.hessians), rowwise_masks),
        "inputs",
    ),
    "sparsegpt": Criterion(_sparsegpt_all, "inputs"),
    "movement": Criterion(
        _masked(lambda weights, evidence: movement_importances(weights, evidence.movement), layerwise_masks),
        "gradients",
    ),
    "2of4": Criterion(_masked(lambda weights, _: magnitude_importances(weights), two_of_four_masks)),
    "ffn": Criterion(_remove_units),
}
