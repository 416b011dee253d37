"""Wanda by hand."""

import torch

from dsi.pruning.apply import prune
from dsi.pruning.criteria.wanda import wanda_importances
from dsi.pruning.evidence import Evidence


def test_wanda_by_hand() -> None:
    """‖x‖ = (1, 2, 5): |w|·‖x‖ = ((4, 2, 2.5), (1, 6, 10)); one of three goes in each row."""
    weight = torch.tensor([[4.0, -1.0, 0.5], [1.0, 3.0, -2.0]])
    inputs = torch.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, -4.0]])
    hessians = {"w": inputs.T @ inputs}
    assert wanda_importances({"w": weight}, hessians)["w"].tolist() == [[4.0, 2.0, 2.5], [1.0, 6.0, 10.0]]
    pruned = prune({"w": weight}, ["w"], "wanda", 1 / 3, Evidence(hessians=hessians))
    assert pruned.weights["w"].tolist() == [[4.0, 0.0, 0.5], [0.0, 3.0, -2.0]]
