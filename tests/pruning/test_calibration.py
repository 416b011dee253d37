"""Calibration: sums over the inputs that Linears get, squared gradients, pruning sublayer by sublayer."""

import pytest
import torch
from transformers import T5ForConditionalGeneration

from dsi.model.scoring import docid_logits
from dsi.model.t5 import untie_head
from dsi.pruning.apply import prune
from dsi.pruning.calibration import docid_batch, input_hessians, prune_calibrated, squared_gradients
from dsi.pruning.evidence import Evidence
from dsi.pruning.layers import linear_names, prunable_names
from tests.conftest import DOCIDS
from tests.pruning.conftest import Q, queries, tensors_of

DOCUMENTS = len(DOCIDS)


def test_squared_gradients_are_squared_before_the_mean(tiny_model: T5ForConditionalGeneration) -> None:
    """Losses 3 · Σ q and -Σ q: gradients 3 and -1, their squares' mean 5; the square of the mean is 1."""
    parameter = dict(tiny_model.named_parameters())[Q]
    found = squared_gradients(tiny_model, [Q], (scale * parameter.sum() for scale in (3.0, -1.0)))
    assert list(found) == [Q]
    torch.testing.assert_close(found[Q], torch.full((16, 16), 5.0))
    assert parameter.grad is None


def test_hessians_are_sums_over_tokens_and_not_over_padding(tiny_model: T5ForConditionalGeneration) -> None:
    """Each query alone and unpadded gives the same sums as a padded batch."""
    untie_head(tiny_model)
    names = [*linear_names(tensors_of(tiny_model)), "lm_head.weight", "shared.weight"]
    batch = queries(tiny_model)[1]  # [9, 10, 1] and [11, 1, padding]
    whole = input_hessians(tiny_model, names, [batch])
    alone = input_hessians(
        tiny_model,
        names,
        [
            docid_batch(tiny_model, torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.int64))
            for ids in ([9, 10, 1], [11, 1])
        ],
    )
    assert set(whole) == set(names) - {"shared.weight"}
    for name, hessian in whole.items():
        torch.testing.assert_close(hessian, alone[name], rtol=1e-4, atol=1e-5)


def test_hessians_are_of_the_inputs_that_a_linear_gets(tiny_model: T5ForConditionalGeneration) -> None:
    """The first encoder layer's input is the normalised embedding; the head's, the decoder's output."""
    untie_head(tiny_model)
    batch = queries(tiny_model)[0]
    found = input_hessians(tiny_model, [Q, "lm_head.weight"], [batch])
    with torch.no_grad():
        block = tiny_model.encoder.block[0].layer[0]
        inputs = block.layer_norm(tiny_model.shared(batch.input_ids)).reshape(-1, 16)
        logits = docid_logits(tiny_model, batch.input_ids, batch.attention_mask, DOCUMENTS)
    torch.testing.assert_close(found[Q], (inputs.T @ inputs).double())
    head = tiny_model.lm_head.weight[-DOCUMENTS:].detach().double()
    torch.testing.assert_close(  # Σ over queries of logits logitsᵀ
        head @ found["lm_head.weight"] @ head.T, (logits.T @ logits).double(), rtol=1e-3, atol=1e-5
    )


@pytest.mark.parametrize("criterion", ["wanda", "sparsegpt"])
def test_calibrated_pruning_of_a_whole_model(criterion: str, tiny_model: T5ForConditionalGeneration) -> None:
    untie_head(tiny_model)
    weights = tensors_of(tiny_model)
    names = prunable_names(weights, lm_head=True, embedding=True)
    pruned = prune_calibrated(tiny_model, weights, names, criterion, 0.5, queries(tiny_model))
    assert set(pruned.masks) == set(names)
    assert all(not pruned.weights[name][~mask].any() for name, mask in pruned.masks.items())
    assert all(mask.float().mean() == 0.5 for mask in pruned.masks.values())
    assert all(torch.equal(dict(tiny_model.named_parameters())[name], pruned.weights[name]) for name in names)


def test_later_sublayers_are_judged_by_pruned_inputs(tiny_model: T5ForConditionalGeneration) -> None:
    weights = tensors_of(tiny_model)
    names = linear_names(weights)
    at_once = prune(
        weights,
        names,
        "wanda",
        0.5,
        Evidence(hessians=input_hessians(tiny_model, names, queries(tiny_model))),
    )
    in_turn = prune_calibrated(tiny_model, weights, names, "wanda", 0.5, queries(tiny_model))
    assert torch.equal(in_turn.masks[Q], at_once.masks[Q])
    assert any(not torch.equal(in_turn.masks[name], at_once.masks[name]) for name in names)
