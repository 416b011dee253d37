"""Multiplications that a query costs, with and without those by zeros."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from dsi.model.masks import Tensors
from dsi.pruning.layers import EMBEDDING, LM_HEAD, linear_names, sees_encoder


class Flops(NamedTuple):
    """Floating-point operations of one query, a multiplication and an addition counted as two.

    dense: with every weight; nonzero: with those that are not zero; theoretical_speedup: the quotient.
    """

    dense: int
    nonzero: int
    theoretical_speedup: float


def theoretical_flops(
    config: Mapping[str, Any],
    weights: Tensors,
    input_length: int,
    documents: int,
    dense: Tensors | None = None,
) -> Flops:
    """Operations to score every document for one query: encoder, one decoder step, output head.

    Counted are the products with weights, which pruning reduces, and those of attention, which it does
    not; norms, activations and softmax are left out.

    Args:
        config: of the checkpoint: num_layers, num_decoder_layers, num_heads, d_kv.
        input_length: tokens of the query.
        documents: the output head's last rows that are used.
        dense: the weights before pruning, where pruning has made tensors smaller.
    """
    width = config["num_heads"] * config["d_kv"]
    # Scores and weighted sums: encoder (L × L), decoder on itself (1 × 1) and on the encoder (1 × L).
    pairs = config["num_layers"] * input_length**2 + config["num_decoder_layers"] * (1 + input_length)
    attention = 4 * width * pairs
    before = weights if dense is None else dense
    total = attention + 2 * sum(
        uses * weight.numel() for weight, uses in _products(before, input_length, documents)
    )
    nonzero = attention + 2 * sum(
        uses * int(weight.count_nonzero()) for weight, uses in _products(weights, input_length, documents)
    )
    return Flops(total, nonzero, total / nonzero)


def _products(weights: Tensors, input_length: int, documents: int) -> list[tuple[torch.Tensor, int]]:
    """Each matrix that inputs are multiplied with, and at how many positions."""
    head = weights.get(LM_HEAD, weights[EMBEDDING])
    products = [(head[-documents:], 1)]
    for name in linear_names(weights):
        products.append((weights[name], input_length if sees_encoder(name) else 1))
    return products
