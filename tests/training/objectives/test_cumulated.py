"""Cumulated sparse targets beside the cumulated sums of the whole distributions."""

import random

import numpy as np
import pytest
import torch

from dsi.training.objectives.chunked_loss import SparseTargets
from dsi.training.objectives.cumulated import SparseSums
from dsi.training.objectives.docid_sequence import draw_columns

ROWS = 12
ROW_OF = np.random.default_rng(1).permutation(ROWS)
TARGETS = SparseTargets(
    torch.tensor([[3, 7, 0], [11, 2, 2], [5, 0, 0]]),
    torch.tensor([[0.25, 0.5, 0.01], [0.3, 0.3, 0.4], [1.0, 0.0, 0.0]]),
    torch.tensor([0.02, 0.0, 0.0]),
)


def whole() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(texts, rows + 1), from 0."""
    shares = np.zeros((3, ROWS))
    shares[:, ROW_OF] = TARGETS.of(slice(0, ROWS)).numpy()
    return np.concatenate([np.zeros((3, 1)), shares.cumsum(axis=1)], axis=1)


def test_sums_before_each_row() -> None:
    text, row = (places.ravel() for places in np.mgrid[0:3, 0 : ROWS + 1])
    found = SparseSums(TARGETS, ROW_OF).before(text, row)
    assert found == pytest.approx(whole()[text, row], abs=1e-6)


@pytest.mark.parametrize("text", [0, 1, 2])
def test_the_same_numbers_draw_the_same_rows(text: int) -> None:
    found = SparseSums(TARGETS, ROW_OF).draw(text, 500, random.Random(4))
    assert found == draw_columns(whole()[text], 500, random.Random(4))


class Highest(random.Random):
    """Its product with the sum is rounded up to the sum."""

    def random(self) -> float:
        return 1.0


@pytest.mark.parametrize(("text", "last"), [(0, ROWS - 1), (1, None), (2, None)])
def test_the_whole_sum_draws_the_last_row_that_has_a_share(text: int, last: int | None) -> None:
    shares = np.diff(whole()[text])
    expected = np.flatnonzero(shares)[-1] if last is None else last
    assert SparseSums(TARGETS, ROW_OF).draw(text, 1, Highest()) == [expected]
