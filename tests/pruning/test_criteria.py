"""Criteria: each as its definition has it, by hand, and as torch's own pruning or the paper's formula."""

import math

import pytest
import torch
from torch.nn.utils import prune as torch_prune
from transformers import T5ForConditionalGeneration

from dsi.model.masks import hold_masks, masks_hold
from dsi.model.scoring import docid_logits
from dsi.model.t5 import build_model, untie_head
from dsi.pruning.apply import prune
from dsi.pruning.calibration import (
    CalibrationBatch,
    docid_batch,
    input_hessians,
    movement_scores,
    prune_calibrated,
)
from dsi.pruning.criteria.feed_forward_units import unit_importances
from dsi.pruning.criteria.random_control import random_importances
from dsi.pruning.criteria.sparsegpt import sparsegpt
from dsi.pruning.criteria.two_of_four import two_of_four_masks
from dsi.pruning.criteria.wanda import wanda_importances
from dsi.pruning.evidence import Evidence
from dsi.pruning.gradual import CubicSchedule, GradualMasks, gradual_sparsity
from dsi.pruning.layers import PruningError, linear_names, prunable_names
from dsi.pruning.registry import CRITERIA
from dsi.pruning.thresholds import global_masks, layerwise_masks, rowwise_masks

SETTINGS = {
    "d_model": 16,
    "d_kv": 8,
    "d_ff": 32,
    "num_heads": 2,
    "num_layers": 2,
    "num_decoder_layers": 1,
    "dropout": 0.0,
    "feed_forward": "gated-gelu",
    "embedding_std": 0.1,
}
DOCUMENTS = 20
Q = "encoder.block.0.layer.0.SelfAttention.q.weight"


@pytest.fixture
def model() -> T5ForConditionalGeneration:
    return build_model(SETTINGS, vocabulary=50, documents=DOCUMENTS, seed=1).eval()


def tensors_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def queries(model: T5ForConditionalGeneration) -> list[CalibrationBatch]:
    """Two batches, the second with padding."""
    first = torch.tensor([[3, 4, 5, 1], [6, 7, 8, 1]])
    second = torch.tensor([[9, 10, 1], [11, 1, 0]])
    return [docid_batch(model, ids, (ids != 0).long()) for ids in (first, second)]


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.95])
@pytest.mark.parametrize("ties", [False, True])
def test_global_masks_equal_torchs_own(rate: float, ties: bool) -> None:
    weights = {"a": normal(7, 5), "b": normal(4, 11, seed=1) * 3}
    if ties:
        weights = {name: (weight * 2).round() / 2 for name, weight in weights.items()}
    layers = {}
    for name, weight in weights.items():
        layers[name] = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        layers[name].weight.data = weight.clone()
    torch_prune.global_unstructured(
        [(layer, "weight") for layer in layers.values()], torch_prune.L1Unstructured, amount=rate
    )
    masks = prune(weights, ["a", "b"], "magnitude-global", rate).masks
    for name, layer in layers.items():
        assert torch.equal(masks[name], layer.weight_mask.bool())


def test_a_global_threshold_may_empty_one_tensor() -> None:
    weights = {"small": torch.tensor([[0.1, -0.2]]), "large": torch.tensor([[1.0, -2.0]])}
    masks = prune(weights, ["small", "large"], "magnitude-global", 0.5).masks
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "small": [[False, False]],
        "large": [[True, True]],
    }
    assert global_masks({"w": torch.tensor([3.0, 1.0, 2.0])}, 1 / 3)["w"].tolist() == [True, False, True]


def test_random_has_magnitudes_rates_and_follows_from_the_seed() -> None:
    weights = {"a": normal(8, 8), "b": normal(10, 3)}
    first = prune(weights, ["a", "b"], "random", 0.3, Evidence(seed=1)).masks
    assert {name: int((~mask).sum()) for name, mask in first.items()} == {"a": 19, "b": 9}
    # A tensor's mask is the same when it is pruned alone, and another with another seed.
    alone = prune(weights, ["a"], "random", 0.3, Evidence(seed=1)).masks
    assert torch.equal(alone["a"], first["a"])
    other = prune(weights, ["a"], "random", 0.3, Evidence(seed=2)).masks
    assert not torch.equal(other["a"], first["a"])
    assert not torch.equal(random_importances({"a": weights["a"]}, 1)["a"], weights["a"].abs())


def test_wanda_by_hand() -> None:
    """‖x‖ = (1, 2, 5): |w|·‖x‖ = ((4, 2, 2.5), (1, 6, 10)); one of three goes in each row."""
    weight = torch.tensor([[4.0, -1.0, 0.5], [1.0, 3.0, -2.0]])
    inputs = torch.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, -4.0]])
    hessians = {"w": inputs.T @ inputs}
    assert wanda_importances({"w": weight}, hessians)["w"].tolist() == [[4.0, 2.0, 2.5], [1.0, 6.0, 10.0]]
    pruned = prune({"w": weight}, ["w"], "wanda", 1 / 3, Evidence(hessians=hessians))
    assert pruned.weights["w"].tolist() == [[4.0, 0.0, 0.5], [0.0, 3.0, -2.0]]


def test_every_row_loses_equally_many() -> None:
    masks = rowwise_masks({"w": normal(6, 10).abs()}, 0.35)
    assert (~masks["w"]).sum(dim=1).tolist() == [round(0.35 * 10)] * 6


def test_two_of_four_by_hand() -> None:
    weights = {"w": torch.tensor([[0.1, -0.4, 0.3, 0.2, 5.0, -6.0, 7.0, 8.0]])}
    pruned = prune(weights, ["w"], "2of4", 0.5)
    assert pruned.masks["w"].tolist() == [[False, True, True, False, False, False, True, True]]
    masks = two_of_four_masks({"w": normal(16, 32).abs()}, 0.5)["w"]
    assert masks.reshape(-1, 4).sum(dim=1).unique().tolist() == [2]


def test_two_of_four_has_one_rate_and_needs_groups() -> None:
    with pytest.raises(PruningError, match=r"2of4: found rate 0\.4, expected 0\.5"):
        prune({"w": normal(2, 4)}, ["w"], "2of4", 0.4)
    with pytest.raises(PruningError, match="found 6 inputs, expected a multiple of 4"):
        prune({"w": normal(2, 6)}, ["w"], "2of4", 0.5)


def brute_force_surgeon(row: torch.Tensor, hessian: torch.Tensor, dropped: list[int]) -> torch.Tensor:
    """Optimal brain surgeon, one column after the other, those to its left fixed: the paper's section 3.3."""
    row = row.double().clone()
    for column in dropped:
        inverse = torch.linalg.inv(hessian.double()[column:, column:])
        row[column:] -= row[column] / inverse[0, 0] * inverse[:, 0]
    return row


def test_sparsegpt_is_the_optimal_brain_surgeon() -> None:
    weight, inputs = normal(1, 6), normal(40, 6, seed=1)
    hessian = (inputs.T @ inputs).double()
    updated, mask = sparsegpt(weight, hessian, rate=0.5, damping=0.0)
    dropped = [column for column in range(6) if not mask[0, column]]
    assert len(dropped) == 3
    expected = brute_force_surgeon(weight[0], hessian, dropped)
    torch.testing.assert_close(updated[0].double(), expected, rtol=0, atol=1e-6)
    # The mask: the least w² / [(H of the columns from j on)⁻¹]₀₀.
    saliency = [
        (weight[0, column].double() ** 2 / torch.linalg.inv(hessian[column:, column:])[0, 0]).item()
        for column in range(6)
    ]
    assert dropped == sorted(sorted(range(6), key=saliency.__getitem__)[:3])


def test_blocks_compensate_across_their_border() -> None:
    """With the same columns pruned, blocks only change how the sums are ordered."""
    weight, inputs = normal(3, 8), normal(50, 8, seed=1)
    hessian = (inputs.T @ inputs).double()
    updated, mask = sparsegpt(weight, hessian, rate=0.5, block=4, damping=0.0)
    assert [int((~part).sum()) for part in mask.split(4, dim=1)] == [6, 6]
    for row in range(3):
        dropped = [column for column in range(8) if not mask[row, column]]
        expected = brute_force_surgeon(weight[row], hessian, dropped)
        torch.testing.assert_close(updated[row].double(), expected, rtol=0, atol=1e-6)


def test_sparsegpt_of_two_weights_by_hand() -> None:
    """H = ((2, 1), (1, 1)), so H⁻¹ = ((1, -1), (-1, 2)).

    Saliencies 1²/1 = 1 and 3²/1 = 9: the first goes, and the second becomes 3 - 1/1 · (-1) = 4.
    """
    updated, mask = sparsegpt(
        torch.tensor([[1.0, 3.0]]), torch.tensor([[2.0, 1.0], [1.0, 1.0]]), 0.5, damping=0.0
    )
    assert mask.tolist() == [[False, True]]
    assert updated.tolist() == [[0.0, pytest.approx(4.0)]]


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.8, 0.95])
def test_sparsegpt_reconstructs_better_than_magnitude(rate: float) -> None:
    mixing = normal(48, 48, seed=2) / math.sqrt(48)
    inputs = normal(300, 48, seed=1) @ mixing  # correlated, as activations are
    weight = normal(20, 48)
    updated, _ = sparsegpt(weight, inputs.T @ inputs, rate, block=16)
    kept = layerwise_masks({"w": weight.abs()}, rate)["w"]
    error = (inputs @ (updated - weight).T).square().sum()
    assert error < (inputs @ (weight * ~kept).T).square().sum()


def test_sparsegpt_changes_nothing_where_nothing_goes() -> None:
    weight, inputs = normal(5, 12), normal(30, 12, seed=1)
    updated, mask = sparsegpt(weight, inputs.T @ inputs, rate=0.0)
    assert torch.equal(updated, weight)
    assert mask.all()


def test_sparsegpt_bears_inputs_that_are_always_zero() -> None:
    weight = torch.ones(4, 6)
    inputs = normal(30, 6, seed=1)
    inputs[:, 2] = 0
    updated, mask = sparsegpt(weight, inputs.T @ inputs, rate=1 / 6)
    assert not mask[:, 2].any()  # of equal weights those go first
    assert updated.isfinite().all()
    weight = normal(4, 6)
    updated, mask = sparsegpt(weight, torch.zeros(6, 6), rate=0.5)
    assert torch.equal(mask, layerwise_masks({"w": weight.abs()}, 0.5)["w"])


def test_movement_by_hand() -> None:
    """S = -Σ w · g: a weight that shrinks under its gradient goes, one that grows stays."""
    weights = {"w": torch.tensor([[5.0, 0.1, -1.0, -2.0]])}
    gradients = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    scores = {"w": -weights["w"] * gradients}
    assert scores["w"].tolist() == [[-5.0, pytest.approx(0.1), 1.0, -2.0]]
    pruned = prune(weights, ["w"], "movement", 0.5, Evidence(movement=scores))
    assert pruned.masks["w"].tolist() == [[False, True, True, False]]


def test_movement_scores_see_the_weights_of_each_step(model: T5ForConditionalGeneration) -> None:
    """One weight q, loss q²/2 (gradient q), SGD at 0.1: q = 1, then 0.9; S = -(1 + 0.81)."""
    parameter = dict(model.named_parameters())[Q]
    with torch.no_grad():
        parameter.fill_(1.0)
    steps = (parameter.square().sum() / 2 for _ in range(2))
    scores = movement_scores(model, [Q], steps, torch.optim.SGD([parameter], lr=0.1))
    torch.testing.assert_close(scores[Q], torch.full((16, 16), -1.81))
    with torch.no_grad():
        parameter.fill_(1.0)
    held = movement_scores(model, [Q], (parameter.square().sum() / 2 for _ in range(2)), None)
    torch.testing.assert_close(held[Q], torch.full((16, 16), -2.0))
    assert parameter.grad is None


def test_criteria_say_what_they_miss() -> None:
    for criterion in ("wanda", "sparsegpt"):
        with pytest.raises(PruningError, match=r"w: found no calibration inputs"):
            prune({"w": normal(2, 4)}, ["w"], criterion, 0.5)
    with pytest.raises(PruningError, match="found no movement scores"):
        prune({"w": normal(2, 4)}, ["w"], "movement", 0.5)
    with pytest.raises(PruningError, match="found 'fisher', expected one of magnitude, "):
        prune({"w": normal(2, 4)}, ["w"], "fisher", 0.5)
    with pytest.raises(PruningError, match=r"found 1\.0, expected a fraction"):
        prune({"w": normal(2, 4)}, ["w"], "magnitude", 1.0)


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
    settings = {**SETTINGS, "feed_forward": feed_forward}
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


def test_units_go_everywhere_or_nowhere(model: T5ForConditionalGeneration) -> None:
    weights = tensors_of(model)
    with pytest.raises(PruningError, match="found 2 of 3 feed-forward layers to be pruned, expected all"):
        prune(weights, prunable_names(weights, stacks=["encoder"]), "ffn", 0.5)


@pytest.mark.parametrize("criterion", [name for name, entry in CRITERIA.items() if entry.looks_at == "weights"])
def test_pruning_leaves_the_dense_weights_as_they_were(
    criterion: str, model: T5ForConditionalGeneration
) -> None:
    weights = tensors_of(model)
    before = {name: weight.clone() for name, weight in weights.items()}
    prune(weights, prunable_names(weights), criterion, 0.5)
    assert all(torch.equal(weights[name], before[name]) for name in weights)


def test_hessians_are_sums_over_tokens_and_not_over_padding(model: T5ForConditionalGeneration) -> None:
    """Each query alone and unpadded gives the same sums as a padded batch."""
    untie_head(model)
    names = [*linear_names(tensors_of(model)), "lm_head.weight", "shared.weight"]
    batch = queries(model)[1]  # [9, 10, 1] and [11, 1, padding]
    whole = input_hessians(model, names, [batch])
    alone = input_hessians(
        model,
        names,
        [
            docid_batch(model, torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.int64))
            for ids in ([9, 10, 1], [11, 1])
        ],
    )
    assert set(whole) == set(names) - {"shared.weight"}
    for name, hessian in whole.items():
        torch.testing.assert_close(hessian, alone[name], rtol=1e-4, atol=1e-5)


def test_hessians_are_of_the_inputs_that_a_linear_gets(model: T5ForConditionalGeneration) -> None:
    """The first encoder layer's input is the normalised embedding; the head's, the decoder's output."""
    untie_head(model)
    batch = queries(model)[0]
    found = input_hessians(model, [Q, "lm_head.weight"], [batch])
    with torch.no_grad():
        block = model.encoder.block[0].layer[0]
        inputs = block.layer_norm(model.shared(batch.input_ids)).reshape(-1, 16)
        logits = docid_logits(model, batch.input_ids, batch.attention_mask, DOCUMENTS)
    torch.testing.assert_close(found[Q], (inputs.T @ inputs).double())
    head = model.lm_head.weight[-DOCUMENTS:].detach().double()
    torch.testing.assert_close(  # Σ over queries of logits logitsᵀ
        head @ found["lm_head.weight"] @ head.T, (logits.T @ logits).double(), rtol=1e-3, atol=1e-5
    )


@pytest.mark.parametrize("criterion", ["wanda", "sparsegpt"])
def test_calibrated_pruning_of_a_whole_model(criterion: str, model: T5ForConditionalGeneration) -> None:
    untie_head(model)
    weights = tensors_of(model)
    names = prunable_names(weights, lm_head=True, embedding=True)
    pruned = prune_calibrated(model, weights, names, criterion, 0.5, queries(model))
    assert set(pruned.masks) == set(names)
    assert masks_hold(pruned.weights, pruned.masks)
    assert all(mask.float().mean() == 0.5 for mask in pruned.masks.values())
    assert all(torch.equal(dict(model.named_parameters())[name], pruned.weights[name]) for name in names)


def test_later_sublayers_are_judged_by_pruned_inputs(model: T5ForConditionalGeneration) -> None:
    weights = tensors_of(model)
    names = linear_names(weights)
    at_once = prune(
        weights, names, "wanda", 0.5, Evidence(hessians=input_hessians(model, names, queries(model)))
    )
    in_turn = prune_calibrated(model, weights, names, "wanda", 0.5, queries(model))
    assert torch.equal(in_turn.masks[Q], at_once.masks[Q])
    assert any(not torch.equal(in_turn.masks[name], at_once.masks[name]) for name in names)


def test_gradual_sparsity_by_hand() -> None:
    """From 0 to 0.8 over steps 10 … 20: half-way, 0.8 · (1 - 0.5³) = 0.7."""
    schedule = CubicSchedule(begin=10, end=20, final=0.8)
    rates = [gradual_sparsity(step, schedule) for step in (0, 10, 15, 20, 99)]
    assert rates == [0.0, 0.0, pytest.approx(0.7), 0.8, 0.8]


def test_gradual_masks_grow_every_few_steps_and_only_grow() -> None:
    parameter = torch.nn.Parameter(torch.arange(1.0, 11.0).reshape(2, 5))
    mask = torch.ones(2, 5, dtype=torch.bool)
    masks = GradualMasks([(parameter, mask)], CubicSchedule(begin=0, end=10, final=0.8), every=4)
    changed, counts = [], []
    for step in range(12):
        before = mask.clone()
        changed.append(masks.update(step))
        assert not (mask & ~before).any()
        hold_masks([(parameter, mask)])
        counts.append(int((~mask).sum()))
        parameter.data[mask] -= 0.5  # kept weights may fall below those that went
    assert [step for step, now in enumerate(changed) if now] == [0, 4, 8, 10]
    # 0.8 · (1 - 0.6³) = 0.627 and 0.8 · (1 - 0.2³) = 0.794, of ten weights
    assert counts == [0, 0, 0, 0, 6, 6, 6, 6, 8, 8, 8, 8]
