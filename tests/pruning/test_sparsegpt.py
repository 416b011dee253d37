"""SparseGPT: the optimal brain surgeon by the paper's formula, by hand, and better than magnitude."""

import math

import pytest
import torch

from dsi.pruning.criteria.sparsegpt import sparsegpt
from dsi.pruning.thresholds import layerwise_masks
from tests.pruning.conftest import normal


def brute_force_surgeon(row: torch.Tensor, hessian: torch.Tensor, dropped: list[int]) -> torch.Tensor:
    """Optimal brain surgeon, one column after the other, those to its left fixed: the paper's section 3.3."""
    row = row.double().clone()
    for column in dropped:
        inverse = torch.linalg.inv(hessian.double()[column:, column:])
        row[column:] -= row[column] / inverse[0, 0] * inverse[:, 0]
    return row


def test_sparsegpt_is_the_optimal_brain_surgeon() -> None:
    weight, inputs = normal(1, 6), normal(40, 6, seed=1)
    hessian = (inputs.T @ inputs).double()
    updated, mask = sparsegpt(weight, hessian, rate=0.5, damping=0.0)
    dropped = [column for column in range(6) if not mask[0, column]]
    assert len(dropped) == 3
    expected = brute_force_surgeon(weight[0], hessian, dropped)
    torch.testing.assert_close(updated[0].double(), expected, rtol=0, atol=1e-6)
    # The mask: the least w² / [(H of the columns from j on)⁻¹]₀₀.
    saliency = [
        (weight[0, column].double() ** 2 / torch.linalg.inv(hessian[column:, column:])[0, 0]).item()
        for column in range(6)
    ]
    assert dropped == sorted(sorted(range(6), key=saliency.__getitem__)[:3])


def test_blocks_compensate_across_their_border() -> None:
    """With the same columns pruned, blocks only change how the sums are ordered."""
    weight, inputs = normal(3, 8), normal(50, 8, seed=1)
    hessian = (inputs.T @ inputs).double()
    updated, mask = sparsegpt(weight, hessian, rate=0.5, block=4, damping=0.0)
    assert [int((~part).sum()) for part in mask.split(4, dim=1)] == [6, 6]
    for row in range(3):
        dropped = [column for column in range(8) if not mask[row, column]]
        expected = brute_force_surgeon(weight[row], hessian, dropped)
        torch.testing.assert_close(updated[row].double(), expected, rtol=0, atol=1e-6)


def test_sparsegpt_of_two_weights_by_hand() -> None:
    """H = ((2, 1), (1, 1)), so H⁻¹ = ((1, -1), (-1, 2)).

    Saliencies 1²/1 = 1 and 3²/1 = 9: the first goes, and the second becomes 3 - 1/1 · (-1) = 4.
    """
    updated, mask = sparsegpt(
        torch.tensor([[1.0, 3.0]]), torch.tensor([[2.0, 1.0], [1.0, 1.0]]), 0.5, damping=0.0
    )
    assert mask.tolist() == [[False, True]]
    assert updated.tolist() == [[0.0, pytest.approx(4.0)]]


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.8, 0.95])
def test_sparsegpt_reconstructs_better_than_magnitude(rate: float) -> None:
    mixing = normal(48, 48, seed=2) / math.sqrt(48)
    inputs = normal(300, 48, seed=1) @ mixing  # correlated, as activations are
    weight = normal(20, 48)
    updated, _ = sparsegpt(weight, inputs.T @ inputs, rate, block=16)
    kept = layerwise_masks({"w": weight.abs()}, rate)["w"]
    error = (inputs @ (updated - weight).T).square().sum()
    assert error < (inputs @ (weight * ~kept).T).square().sum()


def test_sparsegpt_changes_nothing_where_nothing_goes() -> None:
    weight, inputs = normal(5, 12), normal(30, 12, seed=1)
    updated, mask = sparsegpt(weight, inputs.T @ inputs, rate=0.0)
    assert torch.equal(updated, weight)
    assert mask.all()


def test_sparsegpt_bears_inputs_that_are_always_zero() -> None:
    weight = torch.ones(4, 6)
    inputs = normal(30, 6, seed=1)
    inputs[:, 2] = 0
    updated, mask = sparsegpt(weight, inputs.T @ inputs, rate=1 / 6)
    assert not mask[:, 2].any()  # of equal weights those go first
    assert updated.isfinite().all()
    weight = normal(4, 6)
    updated, mask = sparsegpt(weight, torch.zeros(6, 6), rate=0.5)
    assert torch.equal(mask, layerwise_masks({"w": weight.abs()}, 0.5)["w"])
