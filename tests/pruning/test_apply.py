"""Pruning by any criterion: what is refused, and what stays as it was."""

import pytest
import torch
from transformers import T5ForConditionalGeneration

from dsi.pruning.apply import prune
from dsi.pruning.errors import PruningError
from dsi.pruning.layers import prunable_names
from dsi.pruning.registry import CRITERIA
from tests.pruning.conftest import normal, tensors_of


def test_criteria_say_what_they_miss() -> None:
    for criterion in ("wanda", "sparsegpt"):
        with pytest.raises(PruningError, match=r"w: found no calibration inputs"):
            prune({"w": normal(2, 4)}, ["w"], criterion, 0.5)
    with pytest.raises(PruningError, match="found 'unknown', expected one of magnitude, "):
        prune({"w": normal(2, 4)}, ["w"], "unknown", 0.5)
    with pytest.raises(PruningError, match="found 'gradual', expected one of magnitude, "):
        prune({"w": normal(2, 4)}, ["w"], "gradual", 0.5)
    with pytest.raises(PruningError, match=r"found 1\.0, expected a fraction"):
        prune({"w": normal(2, 4)}, ["w"], "magnitude", 1.0)


@pytest.mark.parametrize(
    "criterion", [name for name, entry in CRITERIA.items() if entry.looks_at == "weights"]
)
def test_pruning_leaves_the_dense_weights_as_they_were(
    criterion: str, tiny_model: T5ForConditionalGeneration
) -> None:
    weights = tensors_of(tiny_model)
    before = {name: weight.clone() for name, weight in weights.items()}
    prune(weights, prunable_names(weights), criterion, 0.5)
    assert all(torch.equal(weights[name], before[name]) for name in weights)


@pytest.mark.parametrize(
    ("criterion", "part"),
    [
        ("magnitude-encoder", "encoder."),
        ("magnitude-decoder", "decoder."),
        ("magnitude-cross", ".EncDecAttention."),
    ],
)
def test_one_part_alone_is_pruned_to_the_rate(
    criterion: str, part: str, tiny_model: T5ForConditionalGeneration
) -> None:
    weights = tensors_of(tiny_model)
    names = prunable_names(weights, embedding=True)
    pruned = prune(weights, names, criterion, 0.75)
    assert set(pruned.masks) == {name for name in names if part in name}
    whole = prune(weights, names, "magnitude", 0.75)
    for name in weights:
        expected = whole.weights if name in pruned.masks else weights
        assert torch.equal(pruned.weights[name], expected[name]), name
