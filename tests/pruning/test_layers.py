"""Layers: which weights may go, and the sublayers they are in."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import T5ForConditionalGeneration

from dsi.model.t5 import build_model
from dsi.pruning.errors import PruningError
from dsi.pruning.layers import linear_names, prunable_names, sees_encoder, sublayers
from tests.conftest import SHAPE


@pytest.fixture
def model() -> T5ForConditionalGeneration:
    """Of two layers in each stack."""
    return build_model({**SHAPE, "num_layers": 2, "num_decoder_layers": 2}, 50, documents=20, seed=1)


def weights_of(model: torch.nn.Module, folder: Path) -> dict[str, torch.Tensor]:
    model.save_pretrained(folder)
    return load_file(folder / "model.safetensors")


def test_prunable_names_are_the_linear_layers_without_the_head(
    model: T5ForConditionalGeneration, tmp_path: Path
) -> None:
    linears = {
        f"{name}.weight"
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != "lm_head"
    }
    weights = weights_of(model, tmp_path)
    assert set(linear_names(weights)) == linears == set(prunable_names(weights))
    assert "shared.weight" in prunable_names(weights, lm_head=True, embedding=True)


def test_the_tied_head_is_not_pruned_behind_the_users_back(
    model: T5ForConditionalGeneration, tmp_path: Path
) -> None:
    with pytest.raises(PruningError, match=r"lm_head: true, but this model ties lm_head"):
        prunable_names(weights_of(model, tmp_path), lm_head=True)


def test_layers_can_be_chosen(model: T5ForConditionalGeneration, tmp_path: Path) -> None:
    weights = weights_of(model, tmp_path)
    encoder = prunable_names(weights, stacks=["encoder"])
    assert len(encoder) == 2 * (4 + 3)  # layers · (q, k, v, o and wi_0, wi_1, wo)
    assert all(name.startswith("encoder.") for name in encoder)
    feed_forward = prunable_names(weights, kinds=["feed_forward"])
    assert len(feed_forward) == 4 * 3
    assert all("DenseReluDense" in name for name in feed_forward)
    both = prunable_names(weights, stacks=["decoder"], kinds=["attention"])
    assert len(both) == 2 * 2 * 4
    assert prunable_names(weights, embedding=True, stacks=[]) == ["shared.weight"]
    with pytest.raises(
        PruningError, match=r"pruning\.stacks: found \['head'\], expected some of encoder, decoder"
    ):
        prunable_names(weights, stacks=["head"])
    with pytest.raises(PruningError, match="leave nothing to prune"):
        prunable_names(weights, stacks=[])


def test_sublayers_come_in_the_order_of_computation(
    model: T5ForConditionalGeneration, tmp_path: Path
) -> None:
    weights = weights_of(model, tmp_path)
    groups = sublayers([*prunable_names(weights, embedding=True), "lm_head.weight"])
    assert list(groups) == [
        "embedding",
        *(f"encoder.{block}.{part}" for block in (0, 1) for part in ("attention", "feed_forward")),
        *(
            f"decoder.{block}.{part}"
            for block in (0, 1)
            for part in ("attention", "cross_attention", "feed_forward")
        ),
        "lm_head",
    ]
    assert [name[-8:] for name in groups["encoder.0.attention"]] == [f"{part}.weight" for part in "koqv"]


def test_what_sees_the_query() -> None:
    seen = {
        "encoder.block.0.layer.1.DenseReluDense.wo.weight": True,
        "decoder.block.0.layer.1.EncDecAttention.k.weight": True,
        "decoder.block.0.layer.1.EncDecAttention.q.weight": False,
        "decoder.block.0.layer.0.SelfAttention.k.weight": False,
    }
    assert {name: sees_encoder(name) for name in seen} == seen
