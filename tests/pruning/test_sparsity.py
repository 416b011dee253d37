"""Sparsity: zeros counted by hand, and of T5-small the published numbers of parameters."""

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from dsi.pruning.layers import linear_names
from dsi.pruning.sparsity import sparsity


def test_removed_weights_count_as_zeros() -> None:
    name = "encoder.block.0.layer.1.DenseReluDense.wi.weight"
    dense = {name: torch.ones(4, 2), "shared.weight": torch.ones(2, 2)}
    smaller = {**dense, name: torch.ones(1, 2)}
    assert sparsity(smaller, 0.75, dense, one_step=True) == (0.75, 0.75, 0.75, 0.5, 12, 8, 6)


def test_sparsity_counts_linears_and_the_whole_model() -> None:
    weights = {
        "encoder.block.0.layer.0.SelfAttention.q.weight": torch.tensor([[0.0, 1.0], [0.0, 2.0]]),
        "shared.weight": torch.ones(3, 2),
    }
    counted = sparsity(weights, nominal=0.4, one_step=True)
    assert counted == (0.4, 0.5, 0.5, pytest.approx(0.2), 10, 4, 8)


@pytest.mark.parametrize(("one_step", "effective"), [(True, 0.25), (False, 0.625)])
def test_zeros_of_what_cannot_matter_are_left_out_of_the_effective_share(
    one_step: bool, effective: float
) -> None:
    """All four of a q over one position are zero, and one of four weights that see the query."""
    weights = {
        "encoder.block.0.layer.0.SelfAttention.q.weight": torch.tensor([[0.0, 1.0], [3.0, 2.0]]),
        "decoder.block.0.layer.0.SelfAttention.q.weight": torch.zeros(2, 2),
    }
    counted = sparsity(weights, nominal=0.5, one_step=one_step)
    assert (counted.linears, counted.effective) == (0.625, effective)


def test_t5_small_has_the_published_counts() -> None:
    """60,506,624 parameters, 44,040,192 in Linears without lm_head."""
    with torch.device("meta"):
        weights = dict(T5ForConditionalGeneration(T5Config()).named_parameters())
    linears = sum(weights[name].numel() for name in linear_names(weights))
    assert sum(weight.numel() for weight in weights.values()) == 60_506_624
    assert linears == 44_040_192
