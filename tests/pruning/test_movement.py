"""Movement by hand: scores, schedule, weights under the masks; whole trainings are in test_retriever."""

import torch

from dsi.model.masks import hold_masks
from dsi.pruning.gradual import CubicSchedule
from dsi.pruning.movement import MovementGrowth, MovementSettings


def test_the_schedule_lies_between_warm_up_and_cool_down() -> None:
    settings = MovementSettings(warmup=0.1, cooldown=0.2)
    assert settings.schedule(0.9, last=100) == CubicSchedule(begin=10, end=80, final=0.9)
    for last in (1, 2, 3):  # the rate is reached in any training
        assert settings.schedule(0.9, last).end <= last


def test_scores_grow_where_weights_move_away_from_zero_and_weights_return() -> None:
    """SGD at 1 for scores and 0 for weights: S = -Σ g ⊙ W, of W as it is under the mask."""
    parameter = torch.nn.Parameter(torch.tensor([[5.0, 0.1, -1.0, -2.0]]))
    mask = torch.ones(1, 4, dtype=torch.bool)
    growth = MovementGrowth(0.5, MovementSettings(warmup=0.0, cooldown=0.0), learning_rate=1.0)
    [group] = growth.begin([(parameter, mask)], last=2)
    assert (group["lr"], group["weight_decay"]) == (1.0, 0.0)
    [score] = group["params"]
    assert not score.any()
    growth.change(0)
    assert mask.all()

    def step(gradient: list[float], number: int) -> list[float]:
        parameter.grad = torch.tensor([gradient])
        growth.weigh()
        score.data -= score.grad
        growth.change(number)
        hold_masks([(parameter, mask)])
        return parameter.tolist()[0]

    # W moves by -g: the first and the last weight shrink. One step of the cubic in: 0.5 · (1 - 0.5³) = 0.44.
    assert step([1.0, -1.0, 1.0, -1.0], 1) == [0.0, torch.tensor(0.1).item(), -1.0, 0.0]
    assert score.tolist() == [[-5.0, torch.tensor(0.1).item(), 1.0, -2.0]]
    # A gradient at 0 that draws the first weight up: S = -5 + 10, and its value under the mask is back.
    assert step([-2.0, 0.0, 0.0, 0.0], 2) == [5.0, 0.0, -1.0, 0.0]


def test_what_is_stored_is_gone_on_from() -> None:
    parameter, mask = torch.nn.Parameter(torch.tensor([[1.0, 0.0]])), torch.tensor([[True, False]])
    growth = MovementGrowth(0.5, MovementSettings(0.1, 0.2))
    growth.load({"weights": [torch.tensor([[1.0, 2.0]])], "scores": [torch.tensor([[3.0, 4.0]])]})
    growth.begin([(parameter, mask)], last=10)
    state = growth.state()
    assert [weight.tolist() for weight in state["weights"]] == [[[1.0, 2.0]]]
    assert [score.tolist() for score in state["scores"]] == [[[3.0, 4.0]]]
