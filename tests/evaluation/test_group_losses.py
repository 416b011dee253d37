"""What two groups of queries lose: worked by hand, and how often the intervals hold the truth."""

import math

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.group_losses import (
    GroupOfQueries,
    difference_of_ratios,
    group_losses,
    linearised,
)
from dsi.systems import System
from tests.evaluation.conftest import Array, system_values


def group(model: Array, control: Array, first: int = 0) -> GroupOfQueries:
    qids = [f"q{first + number:03d}" for number in range(model.shape[1])]
    return GroupOfQueries(*(pd.DataFrame(values, columns=qids) for values in (model, control)))


# Two seeds; q000 is seen, q002 unseen, q001 has documents of both kinds.
SEEN = group(np.array([[0.4, 0.2], [0.4, 0.2]]), np.array([[0.5, 0.3], [0.5, 0.3]]))
UNSEEN = group(np.array([[0.2, 0.1], [0.1, 0.2]]), np.array([[0.4, 0.2], [0.4, 0.2]]), first=1)


def test_ratios_and_influence_worked_by_hand() -> None:
    # Seen 0.3 / 0.4 = 0.75, unseen 0.15 / 0.3 = 0.5; three queries in all.
    assert (SEEN.ratio, UNSEEN.ratio) == pytest.approx((0.75, 0.5))
    # q000, seed 1: -0.25 - 3 (0.4 - 0.75 · 0.5) / (2 · 0.4) = -0.25 - 0.09375
    # q001, seed 1: -0.25 + 3 (0.2 - 0.5 · 0.4) / (2 · 0.3) - 3 (0.2 - 0.75 · 0.3) / (2 · 0.4),
    # which is -0.25 + 0.09375
    # q002, seed 1: -0.25 + 3 (0.1 - 0.5 · 0.2) / (2 · 0.3) = -0.25
    # Seed 2 has 0.1 of 0.4 and 0.2 of 0.2: ∓ 3 · 0.1 / 0.6 = ∓ 0.5.
    expected = [[-0.34375, -0.15625, -0.25], [-0.34375, -0.65625, 0.25]]
    assert linearised(SEEN, UNSEEN) == pytest.approx(np.array(expected))
    assert linearised(SEEN, UNSEEN).mean() == pytest.approx(0.5 - 0.75)


def test_without_an_interval_nothing_is_said() -> None:
    one = group(np.array([[0.1]]), np.array([[0.2]]), first=1)
    nothing = group(np.zeros((2, 2)), np.zeros((2, 2)), first=1)
    assert all(math.isnan(end) for end in difference_of_ratios(SEEN, one, 0.95))
    assert all(math.isnan(end) for end in difference_of_ratios(SEEN, nothing, 0.95))


def experiment(
    rng: np.random.Generator, seeds: int, of_seeds: float
) -> tuple[GroupOfQueries, GroupOfQueries]:
    """60 seen queries that lose 5 %, 90 unseen ones that lose 10 %; changes differ by query and by seed."""

    def one(ratio: float, size: int, first: int) -> GroupOfQueries:
        control = rng.beta(1.0, 1.0, (1, size)) + rng.normal(0, 0.03, (seeds, size))
        changes = rng.normal(0, of_seeds, (seeds, 1)) + rng.normal(0, 0.08, (1, size))
        return group(control * (ratio + changes) + rng.normal(0, 0.05, control.shape), control, first)

    return one(0.95, 60, 0), one(0.90, 90, 60)


# With one seed the interval is over queries alone, and says nothing about how trainings differ.
@pytest.mark.parametrize(("seeds", "of_seeds"), [(1, 0.0), (3, 0.02), (5, 0.02)])
def test_intervals_hold_their_level(seeds: int, of_seeds: float) -> None:
    rng = np.random.default_rng(5)
    ends = [difference_of_ratios(*experiment(rng, seeds, of_seeds), 0.95) for _ in range(400)]
    # 400 experiments: one standard error is 1.1 %.
    assert np.mean([lower <= -0.05 <= upper for lower, upper in ends]) > 0.917


def values_of(change: dict[str, float]) -> pd.DataFrame:
    """Restart and recovered models of two seeds on 4 queries of each group."""
    frames = []
    for split, ratio in change.items():
        for seed in (1, 2):
            control = np.array([0.2, 0.4, 0.6, 0.8])
            frames.append(system_values(System("dsi", seed, "restart", None, None), control, split))
            recovered = System("dsi", seed, "recovered", "magnitude", 0.5)
            frames.append(system_values(recovered, ratio * control, split))
    return pd.concat(frames, ignore_index=True)


def test_a_row_has_both_groups_and_their_difference() -> None:
    frame = group_losses({"MAP": values_of({"test-seen": 0.95, "test-unseen": 0.75})}, 0.95)
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row["arm"], row["criterion"], row["rate"]) == ("recovered", "magnitude", 0.5)
    assert row["control"] == "restart"
    assert (row["seeds"], row["queries_seen"], row["queries_unseen"]) == (2, 4, 4)
    found = [row[name] for name in ("change_seen", "change_unseen", "difference", "lower", "upper")]
    assert found == pytest.approx([-0.05, -0.25, -0.2, -0.2, -0.2])
    assert row["mean_unseen"] == pytest.approx(0.75 * row["control_unseen"])


def test_queries_without_groups_have_no_rows() -> None:
    assert group_losses({"MAP": values_of({"test": 0.9})}, 0.95).empty
    assert group_losses({"MAP": values_of({"test-seen": 0.9})}, 0.95).empty
