"""Pruning: which weights of a checkpoint go, as boolean masks, and what that leaves.

Four steps: importances → threshold → masks → apply (dsi.masks). Works on named tensors as safetensors
holds them, so that pruning needs neither a model class nor `torch.nn.utils.prune`, whose
reparametrisation triples the memory and whose removal prunes T5's tied embedding. Here are the layers,
the plainest criterion and the counts; the other criteria are in dsi.criteria. Does not know files or
training.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch

from dsi.masks import Tensors

EMBEDDING = "shared.weight"
LM_HEAD = "lm_head.weight"
# Every torch.nn.Linear of a T5, lm_head apart: attention projections and feed-forward layers.
_LINEAR = re.compile(r"\.(q|k|v|o|wi|wi_0|wi_1|wo)\.weight$")
_SUBLAYER = re.compile(r"^(encoder|decoder)\.block\.(\d+)\.layer\.(\d+)\.(\w+)\.")
_CROSS_INPUTS = (".EncDecAttention.k.weight", ".EncDecAttention.v.weight")
STACKS = ("encoder", "decoder")
KINDS = ("attention", "feed_forward")
# T5's names for what is in a sublayer, and ours.
_PARTS = {
    "SelfAttention": "attention",
    "EncDecAttention": "cross_attention",
    "DenseReluDense": "feed_forward",
}


class PruningError(ValueError):
    """The pruning that was asked for cannot be done; the message says why and what can."""


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


def linear_names(weights: Mapping[str, torch.Tensor]) -> list[str]:
    """Names of the Linear weights of a T5 checkpoint, lm_head apart, sorted."""
    return sorted(name for name in weights if _LINEAR.search(name))


def sees_encoder(name: str) -> bool:
    """True if a Linear's inputs are the query's tokens: the encoder's, and cross-attention's k and v."""
    return name.startswith("encoder.") or name.endswith(_CROSS_INPUTS)


def prunable_names(
    weights: Mapping[str, torch.Tensor],
    lm_head: bool = False,
    embedding: bool = False,
    *,
    stacks: Iterable[str] = STACKS,
    kinds: Iterable[str] = KINDS,
) -> list[str]:
    """Names of the weights to prune: the Linears of some layers, and the embedding or head if asked for.

    Args:
        stacks: any of STACKS: whose Linears are pruned.
        kinds: any of KINDS: which of their Linears; attention includes the decoder's cross-attention.

    Raises:
        PruningError: lm_head is asked for alone, but the checkpoint ties it to the embedding; a stack
            or kind is unknown; or there is nothing to prune.
    """
    stacks, kinds = _known("stacks", stacks, STACKS), _known("kinds", kinds, KINDS)
    names = [name for name in linear_names(weights) if _selected(name, stacks, kinds)]
    if embedding:
        names.append(EMBEDDING)
    if lm_head and LM_HEAD in weights:
        names.append(LM_HEAD)
    elif lm_head and not embedding:
        raise PruningError(
            "pruning.lm_head: true, but this model ties lm_head to the embedding, so pruning one "
            "prunes both; set pruning.embedding: true as well, or pruning.lm_head: false"
        )
    if not names:
        raise PruningError(
            f"found stacks {stacks} and kinds {kinds}, which leave nothing to prune; expected at least one "
            "of each, or the embedding or lm_head, for example stacks ['encoder', 'decoder'] and kinds "
            "['attention', 'feed_forward']"
        )
    return sorted(names)


def sublayers(names: Iterable[str]) -> dict[str, list[str]]:
    """The names by sublayer in the order of computation: `encoder.0.attention`, …, `lm_head`.

    The embedding comes first, the output head last.
    """
    groups: dict[tuple[int, int, int], tuple[str, list[str]]] = {}
    for name in sorted(names):
        found = _SUBLAYER.match(name)
        if found:
            stack, block, layer, part = found.groups()
            order = (STACKS.index(stack), int(block), int(layer))
            label = f"{stack}.{block}.{_PARTS[part]}"
        else:
            order = (len(STACKS) if name == LM_HEAD else -1, 0, 0)
            label = name.removesuffix(".weight") if name == LM_HEAD else "embedding"
        groups.setdefault(order, (label, []))[1].append(name)
    return {label: members for _, (label, members) in sorted(groups.items())}


def magnitude_importances(weights: Tensors) -> Tensors:
    """|w| of every weight: the L1 criterion."""
    return {name: weight.abs() for name, weight in weights.items()}


def layerwise_masks(importances: Tensors, rate: float) -> Tensors:
    """Drop the round(rate · n) least important of each tensor's n weights.

    The choice among equals is `torch.topk`'s, as in `torch.nn.utils.prune.l1_unstructured`, so the
    masks are equal to its masks.
    """
    masks = {}
    for name, importance in importances.items():
        mask = torch.ones(importance.numel(), dtype=torch.bool, device=importance.device)
        dropped = round(rate * importance.numel())
        if dropped:
            mask[importance.reshape(-1).topk(dropped, largest=False).indices] = False
        masks[name] = mask.reshape(importance.shape)
    return masks


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


def _selected(name: str, stacks: Iterable[str], kinds: Iterable[str]) -> bool:
    kind = "feed_forward" if ".DenseReluDense." in name else "attention"
    return name.partition(".")[0] in stacks and kind in kinds


def _known(key: str, found: Iterable[str], expected: tuple[str, ...]) -> list[str]:
    chosen = list(found)
    if not set(chosen) <= set(expected):
        raise PruningError(f"pruning.{key}: found {chosen}, expected some of {', '.join(expected)}")
    return chosen
