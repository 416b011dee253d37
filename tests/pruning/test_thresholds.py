"""Masks from importances: rows that lose equally many; one threshold for several tensors."""

import torch

from dsi.pruning.thresholds import global_masks, rowwise_masks
from tests.pruning.conftest import normal


def test_every_row_loses_equally_many() -> None:
    masks = rowwise_masks({"w": normal(6, 10).abs()}, 0.35)
    assert (~masks["w"]).sum(dim=1).tolist() == [round(0.35 * 10)] * 6


def test_a_global_threshold_by_hand() -> None:
    assert global_masks({"w": torch.tensor([3.0, 1.0, 2.0])}, 1 / 3)["w"].tolist() == [True, False, True]
