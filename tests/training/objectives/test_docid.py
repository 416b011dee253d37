"""The objective of atomic docids: its loss by hand, its batches, its measures."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from dsi.training.objectives.docid import DocidObjective, soft_cross_entropy
from tests.conftest import TEXTS
from tests.training.conftest import docid_objective, examples


def test_soft_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)]])
    loss = soft_cross_entropy(logits, torch.tensor([[0.25, 0.75]]))
    assert loss.item() == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))


def test_batches_are_those_of_the_examples(tokenizer_folder: Path) -> None:
    drawn = examples(tokenizer_folder)
    objective = docid_objective(tokenizer_folder)
    assert len(objective) == len(drawn)
    for batch, expected in zip(objective.batches(3), drawn.batches(drawn.generator(3)), strict=True):
        assert torch.equal(batch.input_ids, expected.input_ids)
        assert torch.equal(batch.targets, torch.from_numpy(drawn.targets(expected.examples)))
        assert batch.targets.shape[1] == len(TEXTS)


def test_validation_has_the_measures_of_the_history(tokenizer_folder: Path, tiny_model: Any) -> None:
    objective = docid_objective(tokenizer_folder)
    with torch.no_grad():
        assert tuple(objective.validate(tiny_model)) == objective.measures
    assert DocidObjective(examples(tokenizer_folder), []).validate(tiny_model) == {}
