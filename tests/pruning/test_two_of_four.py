"""2:4 by hand, and what it refuses."""

import pytest
import torch

from dsi.pruning.apply import prune
from dsi.pruning.criteria.two_of_four import two_of_four_masks
from dsi.pruning.errors import PruningError
from tests.pruning.conftest import normal


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
