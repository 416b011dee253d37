"""Layers: which weights may go, and the sublayers they are in."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import T5ForConditionalGeneration

from dsi.model.scoring import docid_logits, identifier_losses
from dsi.model.t5 import build_model
from dsi.pruning.errors import PruningError
from dsi.pruning.layers import (
    effective_names,
    linear_names,
    names_of_part,
    prunable_names,
    sees_encoder,
    sublayers,
)
from tests.conftest import SHAPE
from tests.pruning.conftest import tensors_of


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


QUERIES = torch.tensor([[3, 4, 5, 1], [6, 7, 8, 1], [9, 4, 3, 1]])
MASK = torch.ones_like(QUERIES)


def one_step(model: T5ForConditionalGeneration) -> torch.Tensor:
    """What ranks atomic docids."""
    return docid_logits(model, QUERIES, MASK, 20)


def several_steps(model: T5ForConditionalGeneration) -> torch.Tensor:
    """What ranks docids of three tokens."""
    labels = torch.tensor([[30, 31, 32], [30, 33, 34], [35, 31, 36]]).expand(3, 3, 3)
    return identifier_losses(model, QUERIES, MASK, labels, torch.arange(30, 40))


@torch.no_grad()
def found_by_trying(
    model: T5ForConditionalGeneration, run: Callable[[T5ForConditionalGeneration], torch.Tensor]
) -> set[str]:
    """Linears whose outputs are not all the same, and which change the model's when they are changed."""
    varying: set[str] = set()

    def look(name: str, output: torch.Tensor) -> None:
        rows = output.flatten(0, 1)
        if not torch.allclose(rows, rows[:1].expand_as(rows), atol=1e-6):
            varying.add(name)

    handles = [
        model.get_submodule(name.removesuffix(".weight")).register_forward_hook(
            lambda _, __, output, name=name: look(name, output)
        )
        for name in linear_names(tensors_of(model))
    ]
    before = run(model)
    for handle in handles:
        handle.remove()
    changing = set()
    for name in varying:
        weight = dict(model.named_parameters())[name]
        kept = weight.clone()
        weight.copy_(weight.flip(0, 1))
        if not torch.equal(run(model), before):
            changing.add(name)
        weight.copy_(kept)
    return changing


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("feed_forward", ["gated-gelu", "relu"])
def test_what_can_matter_is_what_trying_finds(layers: int, feed_forward: str) -> None:
    shape = {**SHAPE, "num_layers": layers, "num_decoder_layers": layers, "feed_forward": feed_forward}
    model = build_model(shape, 30, documents=20, seed=1).eval()
    weights = tensors_of(model)
    assert set(effective_names(weights, one_step=True)) == found_by_trying(model, one_step)
    assert effective_names(weights, one_step=False) == linear_names(weights)
    assert found_by_trying(model, several_steps) == set(linear_names(weights))


def test_of_one_layer_each_five_of_eighteen_matrices_cannot_matter() -> None:
    """13.9 % of the default's weights, with d_ff 4 · d_model and heads as wide together as the model."""
    shape = {**SHAPE, "d_ff": 64}
    weights = tensors_of(build_model(shape, 30, documents=20, seed=1))
    left_out = set(linear_names(weights)) - set(effective_names(weights, one_step=True))
    assert (len(left_out), len(linear_names(weights))) == (5, 18)
    whole = sum(weights[name].numel() for name in linear_names(weights))
    assert sum(weights[name].numel() for name in left_out) / whole == pytest.approx(0.139, abs=0.0005)


def test_parts(model: T5ForConditionalGeneration) -> None:
    names = linear_names(tensors_of(model))
    parts = {part: set(names_of_part(names, part)) for part in ("encoder", "decoder", "cross")}
    assert parts["encoder"] | parts["decoder"] == set(names)
    assert not parts["encoder"] & parts["decoder"]
    assert len(parts["cross"]) == 2 * 4
    assert parts["cross"] < parts["decoder"]
    with pytest.raises(
        PruningError, match=r"pruning\.stacks, pruning\.kinds: found no weights of the part cr"
    ):
        names_of_part(parts["encoder"], "cross")
