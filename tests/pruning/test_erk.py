"""ERK: densities by hand, a layer that keeps all, magnitude within."""

import pytest
import torch

from dsi.pruning.apply import prune
from dsi.pruning.criteria.erk import erk_densities
from tests.pruning.conftest import normal


def test_densities_by_hand() -> None:
    """(n + m) / (n · m) is 1/2 and 1/4 of 4 × 4 and 8 × 8; 40 of 80 are ε · (8 + 16)."""
    densities = erk_densities({"small": (4, 4), "large": (8, 8)}, 0.5)
    assert densities == {"small": pytest.approx(40 / 24 / 2), "large": pytest.approx(40 / 24 / 4)}
    assert 16 * densities["small"] + 64 * densities["large"] == pytest.approx(40)


def test_a_layer_keeps_no_more_than_all() -> None:
    """2 × 2 would keep 64/20 · 1 of itself: it keeps its 4, and 8 × 8 the other 50.4 of 54.4."""
    densities = erk_densities({"small": (2, 2), "large": (8, 8)}, 0.2)
    assert densities == {"small": 1.0, "large": pytest.approx(50.4 / 64)}


def test_the_smallest_of_each_layer_go() -> None:
    weights = {"small": normal(4, 4), "large": normal(8, 8, seed=1)}
    pruned = prune(weights, ["small", "large"], "erk", 0.5)
    for name, gone in (("small", round(16 * (1 - 40 / 48))), ("large", round(64 * (1 - 40 / 96)))):
        mask, size = pruned.masks[name], weights[name].abs()
        assert int((~mask).sum()) == gone
        assert size[~mask].max() < size[mask].min()
    assert torch.equal(pruned.weights["small"], weights["small"] * pruned.masks["small"])
