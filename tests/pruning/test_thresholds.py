"""Masks from importances: rows that lose equally many; one threshold for several tensors."""

import pytest
import torch

from dsi.pruning.thresholds import global_masks, rowwise_masks
from tests.pruning.conftest import normal


def test_every_row_loses_equally_many() -> None:
    importance = normal(6, 10).abs()
    mask = rowwise_masks({"w": importance}, 0.4)["w"]
    least = importance.topk(4, dim=1, largest=False).indices
    assert torch.equal(mask, torch.ones_like(mask).scatter_(1, least, False))


def test_what_rows_cannot_share_goes_where_it_matters_least() -> None:
    """0.5 of 9 weights is 4: one of each row, and of the next ones 2, 6 and 5 the 2."""
    importance = torch.tensor([[1.0, 2.0, 9.0], [4.0, 7.0, 6.0], [5.0, 3.0, 8.0]])
    assert rowwise_masks({"w": importance}, 0.5)["w"].tolist() == [
        [False, False, True],
        [False, True, True],
        [True, False, True],
    ]


@pytest.mark.parametrize(("rows", "columns"), [(128, 128), (512, 128), (7, 13), (1, 5), (2000, 16)])
@pytest.mark.parametrize("rate", [0.003, 0.1, 0.29, 0.5, 0.95, 0.999])
def test_rows_together_meet_the_rate_as_one_tensor_does(rows: int, columns: int, rate: float) -> None:
    lost = (~rowwise_masks({"w": normal(rows, columns).abs()}, rate)["w"]).sum(dim=1)
    assert int(lost.sum()) == round(rate * rows * columns)
    assert int(lost.max() - lost.min()) <= 1


def test_a_global_threshold_by_hand() -> None:
    assert global_masks({"w": torch.tensor([3.0, 1.0, 2.0])}, 1 / 3)["w"].tolist() == [True, False, True]
