"""Masks: equal to torch's own pruning, held through training and files, honest about sparsity."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch.nn.utils import prune
from transformers import AutoModelForSeq2SeqLM, T5ForConditionalGeneration

from dsi.model.masks import apply_masks, hold_masks, masks_hold
from dsi.model.t5 import build_model
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.layers import PruningError, linear_names, prunable_names, sees_encoder, sublayers
from dsi.pruning.sparsity import sparsity
from dsi.pruning.thresholds import layerwise_masks

SETTINGS = {
    "d_model": 16,
    "d_kv": 8,
    "d_ff": 32,
    "num_heads": 2,
    "num_layers": 2,
    "num_decoder_layers": 2,
    "dropout": 0.0,
    "feed_forward": "gated-gelu",
    "embedding_std": 0.1,
}


@pytest.fixture
def model() -> T5ForConditionalGeneration:
    return build_model(SETTINGS, vocabulary=50, documents=20, seed=1)


def weights_of(model: torch.nn.Module, folder: Path) -> dict[str, torch.Tensor]:
    model.save_pretrained(folder)
    return load_file(folder / "model.safetensors")


def test_masks_of_a_matrix_by_hand() -> None:
    weights = {"w": torch.tensor([[0.1, -0.5, 0.3], [-0.2, 0.9, -0.05]])}
    masks = layerwise_masks(magnitude_importances(weights), rate=0.5)
    assert masks["w"].tolist() == [[False, True, True], [False, True, False]]
    assert apply_masks(weights, masks)["w"].tolist() == [
        [0.0, pytest.approx(-0.5), pytest.approx(0.3)],
        [0.0, pytest.approx(0.9), 0.0],
    ]


@settings(deadline=None, derandomize=True)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    rate=st.sampled_from([0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.8, 0.95]),
    ties=st.booleans(),
    seed=st.integers(0, 99),
)
def test_pruned_weights_equal_torchs_own(rows: int, columns: int, rate: float, ties: bool, seed: int) -> None:
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    if ties:  # many weights at the threshold
        weight = (weight * 4).round() / 4
    layer = torch.nn.Linear(columns, rows, bias=False)
    layer.weight.data = weight.clone()
    prune.l1_unstructured(layer, "weight", amount=rate)
    masks = layerwise_masks(magnitude_importances({"w": weight}), rate)
    assert torch.equal(masks["w"], layer.weight_mask.bool())
    assert torch.equal(apply_masks({"w": weight}, masks)["w"], layer.weight.detach())


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


def test_a_pruned_checkpoint_loads_as_it_was_evaluated(
    model: T5ForConditionalGeneration, tmp_path: Path
) -> None:
    weights = weights_of(model, tmp_path)
    masks = layerwise_masks(
        magnitude_importances({name: weights[name] for name in prunable_names(weights)}), 0.5
    )
    pruned = apply_masks(weights, masks)
    save_file(pruned, tmp_path / "model.safetensors", metadata={"format": "pt"})
    loaded, report = AutoModelForSeq2SeqLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert masks_hold(dict(loaded.named_parameters()), masks)
    model.load_state_dict({**model.state_dict(), **pruned})
    ids = torch.tensor([[3, 4, 5, 1]])
    start = torch.tensor([[0]])
    model.eval()
    with torch.no_grad():
        expected = model(input_ids=ids, decoder_input_ids=start).logits
        reloaded = loaded.eval()(input_ids=ids, decoder_input_ids=start).logits
    # The last bit depends on where in memory the weights lie.
    torch.testing.assert_close(reloaded, expected, rtol=0, atol=1e-6)


def test_masks_hold_notices_one_weight() -> None:
    weights = {"w": torch.zeros(2, 2)}
    masks = {"w": torch.tensor([[True, False], [False, False]])}
    assert masks_hold(weights, masks)
    weights["w"][1, 1] = 1e-8
    assert not masks_hold(weights, masks)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_holding_masks_is_masked_fill_bit_for_bit(dtype: torch.dtype) -> None:
    """Whatever stood there, +0.0 does, and kept weights keep their bits."""
    odd = [-1.0, -0.0, float("nan"), float("-inf"), 1e-45, 3.0]
    parameter = torch.nn.Parameter(torch.tensor([odd, odd], dtype=dtype))
    mask = torch.tensor([[False] * 6, [True] * 6])
    expected = parameter.detach().masked_fill(~mask, 0.0)
    storage = parameter.data_ptr()
    hold_masks([(parameter, mask)])
    assert torch.equal(parameter.detach().view(torch.uint8), expected.view(torch.uint8))
    assert parameter.data_ptr() == storage
    assert parameter.requires_grad


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


def test_removed_weights_count_as_zeros() -> None:
    name = "encoder.block.0.layer.1.DenseReluDense.wi.weight"
    dense = {name: torch.ones(4, 2), "shared.weight": torch.ones(2, 2)}
    smaller = {**dense, name: torch.ones(1, 2)}
    assert sparsity(smaller, 0.75, dense) == (0.75, 0.75, 0.5, 12, 8, 6)


def test_sparsity_counts_linears_and_the_whole_model() -> None:
    weights = {
        "encoder.block.0.layer.0.SelfAttention.q.weight": torch.tensor([[0.0, 1.0], [0.0, 2.0]]),
        "shared.weight": torch.ones(3, 2),
    }
    counted = sparsity(weights, nominal=0.4)
    assert counted == (0.4, 0.5, pytest.approx(0.2), 10, 4, 8)


def test_t5_small_has_the_published_counts() -> None:
    """60,506,624 parameters, 44,040,192 in Linears without lm_head."""
    from transformers import T5Config

    with torch.device("meta"):
        weights = dict(T5ForConditionalGeneration(T5Config()).named_parameters())
    linears = sum(weights[name].numel() for name in linear_names(weights))
    assert sum(weight.numel() for weight in weights.values()) == 60_506_624
    assert linears == 44_040_192
