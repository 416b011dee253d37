"""LAMP: scores by hand and by the definition, one threshold for all tensors."""

import pytest
import torch

from dsi.pruning.apply import prune
from dsi.pruning.criteria.lamp import lamp_scores
from tests.pruning.conftest import normal


def test_lamp_by_hand() -> None:
    """Squares 1, 4, 9: 1/14, 4/13, 9/9."""
    scores = lamp_scores(torch.tensor([[-3.0, 1.0], [2.0, 0.0]]))
    assert scores.tolist() == [[1.0, pytest.approx(1 / 14)], [pytest.approx(4 / 13), 0.0]]


def test_lamp_is_its_definition() -> None:
    weight = normal(6, 5)
    squares = weight.double().square()
    expected = torch.stack([square / squares[squares >= square].sum() for square in squares.flatten()])
    torch.testing.assert_close(lamp_scores(weight).flatten(), expected)


def test_a_tensor_of_small_weights_keeps_some() -> None:
    """Magnitude under one threshold would take all of the small tensor."""
    weights = {"large": normal(4, 4), "small": normal(4, 4, seed=1) / 1000}
    pruned = prune(weights, ["large", "small"], "lamp", 0.5)
    assert sum(int((~mask).sum()) for mask in pruned.masks.values()) == 16
    assert all(mask.any() and not mask.all() for mask in pruned.masks.values())
    assert not prune(weights, ["large", "small"], "magnitude-global", 0.5).masks["small"].any()
