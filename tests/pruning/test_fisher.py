"""Fisher by hand."""

import pytest
import torch

from dsi.pruning.apply import prune
from dsi.pruning.errors import PruningError
from dsi.pruning.evidence import Evidence


def test_fisher_by_hand() -> None:
    """w² · mean g²: 4 · 1, 1 · 9, 9 · 0.25 and 0.25 · 4; the sizes alone would take the second."""
    weights = {"w": torch.tensor([[2.0, -1.0, 3.0, 0.5]])}
    evidence = Evidence(fisher={"w": torch.tensor([[1.0, 9.0, 0.25, 4.0]])})
    pruned = prune(weights, ["w"], "fisher", 0.5, evidence)
    assert pruned.masks["w"].tolist() == [[True, True, False, False]]


def test_a_weight_without_gradients_is_said() -> None:
    with pytest.raises(PruningError, match="w: found no gradients"):
        prune({"w": torch.ones(2, 2)}, ["w"], "fisher", 0.5)
