"""Random: as many weights as by magnitude, from the seed and the tensor's name."""

import torch

from dsi.pruning.apply import prune
from dsi.pruning.criteria.random_control import random_importances
from dsi.pruning.evidence import Evidence
from tests.pruning.conftest import normal


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
