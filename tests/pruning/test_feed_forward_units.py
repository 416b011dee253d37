"""Removal of whole feed-forward units: by hand, as torch's own structured pruning, and in a whole model."""

import pytest
import torch
from torch.nn.utils import prune as torch_prune
from transformers import T5ForConditionalGeneration

from dsi.model.scoring import docid_logits
from dsi.model.t5 import build_model
from dsi.pruning.apply import prune
from dsi.pruning.criteria.feed_forward_units import unit_importances
from dsi.pruning.errors import PruningError
from dsi.pruning.layers import linear_names, prunable_names
from dsi.pruning.registry import units_left
from tests.conftest import DOCIDS, SHAPE
from tests.pruning.conftest import normal, queries, tensors_of

DOCUMENTS = len(DOCIDS)


def test_units_by_hand() -> None:
    """Norms of three units: √(1 + 4 + 4) = 3, √(0 + 0 + 1) = 1, √(4 + 0 + 0) = 2."""
    prefix = "encoder.block.0.layer.1.DenseReluDense"
    weights = {
        f"{prefix}.wi.weight": torch.tensor([[1.0, 2.0], [0.0, 0.0], [-2.0, 0.0]]),
        f"{prefix}.wo.weight": torch.tensor([[2.0, 1.0, 0.0]]),
    }
    assert unit_importances(weights)[prefix].tolist() == [3.0, 1.0, 2.0]
    pruned = prune(weights, list(weights), "ffn", 1 / 3)
    assert pruned.d_ff == 2
    assert pruned.weights[f"{prefix}.wi.weight"].tolist() == [[1.0, 2.0], [-2.0, 0.0]]
    assert pruned.weights[f"{prefix}.wo.weight"].tolist() == [[2.0, 0.0]]


@pytest.mark.parametrize(("units", "rate", "left"), [(32, 0.8, 6), (5, 0.5, 3), (7, 0.5, 3), (4, 0.1, 4)])
def test_a_dense_model_of_the_shape_that_is_left_has_as_many_weights(
    units: int, rate: float, left: int
) -> None:
    """Halves are rounded to even. Each unit has a row of wi_0 and wi_1 and a column of wo, in both layers."""
    dense = build_model({**SHAPE, "d_ff": units}, 48, DOCUMENTS, seed=1)
    weights = tensors_of(dense)
    pruned = prune(weights, prunable_names(weights), "ffn", rate)
    assert pruned.d_ff == units_left(units, rate) == left
    small = build_model({**SHAPE, "d_ff": left}, 48, DOCUMENTS, seed=1)
    assert {name: weight.shape for name, weight in tensors_of(small).items()} == {
        name: weight.shape for name, weight in pruned.weights.items()
    }
    assert dense.num_parameters() - small.num_parameters() == 2 * 3 * SHAPE["d_model"] * (units - left)


def test_the_units_that_go_are_torchs_own() -> None:
    weights = {
        f"encoder.block.0.layer.1.DenseReluDense.{name}.weight": normal(*shape, seed=seed)
        for seed, (name, shape) in enumerate({"wi_0": (24, 8), "wi_1": (24, 8), "wo": (8, 24)}.items())
    }
    wi_0, wi_1, wo = weights.values()
    unit_rows = torch.nn.Linear(24, 24, bias=False)
    unit_rows.weight.data = torch.cat([wi_0, wi_1, wo.T], dim=1)
    torch_prune.ln_structured(unit_rows, "weight", amount=0.5, n=2, dim=0)
    kept = unit_rows.weight_mask.any(dim=1)
    pruned = prune(weights, list(weights), "ffn", 0.5)
    smaller_wi_0, _, smaller_wo = pruned.weights.values()
    assert torch.equal(smaller_wi_0, wi_0[kept])
    assert torch.equal(smaller_wo, wo[:, kept])


@pytest.mark.parametrize("feed_forward", ["gated-gelu", "relu"])
def test_a_model_without_units_is_smaller_and_the_same_where_they_did_nothing(feed_forward: str) -> None:
    settings = {**SHAPE, "feed_forward": feed_forward}
    model = build_model(settings, 50, DOCUMENTS, seed=1).eval()
    weights = tensors_of(model)
    names = [name for name in linear_names(weights) if "DenseReluDense" in name]
    for name in names:  # the last 24 of 32 units do nothing
        if name.endswith("wo.weight"):
            weights[name][:, 8:] = 0
        else:
            weights[name][8:] = 0
    model.load_state_dict(weights, strict=False)
    pruned = prune(weights, names, "ffn", 0.75)
    assert (pruned.d_ff, pruned.masks) == (8, {})
    smaller = build_model({**settings, "d_ff": 8}, 50, DOCUMENTS, seed=2).eval()
    smaller.load_state_dict(pruned.weights, strict=False)
    batch = queries(model)[0]
    with torch.no_grad():
        torch.testing.assert_close(
            docid_logits(smaller, batch.input_ids, batch.attention_mask, DOCUMENTS),
            docid_logits(model, batch.input_ids, batch.attention_mask, DOCUMENTS),
        )


def test_units_go_everywhere_or_nowhere(tiny_model: T5ForConditionalGeneration) -> None:
    weights = tensors_of(tiny_model)
    with pytest.raises(PruningError, match="found 1 of 2 feed-forward layers to be pruned, expected all"):
        prune(weights, prunable_names(weights, stacks=["encoder"]), "ffn", 0.5)
