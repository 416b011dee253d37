"""Iterative pruning: when its rounds stand, and what each takes."""

import pytest
import torch

from dsi.model.masks import hold_masks
from dsi.pruning.iterative import IterativeSettings


def test_rounds_take_the_same_share_and_stand_at_equal_distances() -> None:
    """Half of what is left goes in each of 3 rounds of 12 steps: 0.5, 0.75 and 0.875 are gone."""
    settings = IterativeSettings(rounds=3)
    rates = {step: settings.rate_after(0.875, step, last=12) for step in range(13)}
    assert {step: rate for step, rate in rates.items() if rate is not None} == {
        0: pytest.approx(0.5),
        4: pytest.approx(0.75),
        8: 0.875,
    }


def test_one_round_is_pruning_at_once_and_no_round_lies_between_steps() -> None:
    once = IterativeSettings(rounds=1)
    assert [once.rate_after(0.5, step, last=4) for step in range(5)] == [0.5, None, None, None, None]
    many = [IterativeSettings(rounds=9).rate_after(0.75, step, last=2) for step in range(3)]
    assert many == [pytest.approx(0.5), 0.75, None]


def test_masks_go_by_what_the_weights_are_at_each_round() -> None:
    parameter = torch.nn.Parameter(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    mask = torch.ones(1, 4, dtype=torch.bool)
    growth = IterativeSettings(rounds=2).growth(0.75)
    growth.begin([(parameter, mask)], last=4)
    growth.change(0)
    hold_masks([(parameter, mask)])
    assert mask.tolist() == [[False, False, True, True]]
    parameter.data[0, 3] = 0.5
    growth.change(1)
    assert mask.sum() == 2
    growth.change(2)
    assert mask.tolist() == [[False, False, True, False]]
