"""Movement by hand."""

import pytest
import torch

from dsi.pruning.apply import prune
from dsi.pruning.evidence import Evidence


def test_movement_by_hand() -> None:
    """S = -Σ w · g: a weight that shrinks under its gradient goes, one that grows stays."""
    weights = {"w": torch.tensor([[5.0, 0.1, -1.0, -2.0]])}
    gradients = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    scores = {"w": -weights["w"] * gradients}
    assert scores["w"].tolist() == [[-5.0, pytest.approx(0.1), 1.0, -2.0]]
    pruned = prune(weights, ["w"], "movement", 0.5, Evidence(movement=scores))
    assert pruned.masks["w"].tolist() == [[False, True, True, False]]
