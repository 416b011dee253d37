"""Queries won and lost, counted by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.paired_values import PairingError
from dsi.report.flips import ANOTHER_SEED, Flips, flips_frame, flips_rows
from dsi.systems import System
from tests.evaluation.conftest import system_values

# MRR@10 of three queries by seed.
RESTART = {1: [1.0, 0.5, 0.0], 2: [1.0, 0.0, 0.2]}
RECOVERED = {1: [1.0, 0.0, 0.1], 2: [0.5, 0.0, 0.2]}


def values(*seeds: int) -> dict[str, pd.DataFrame]:
    """By both measures the same numbers."""
    frames = []
    for seed in seeds:
        for arm, numbers in (("restart", RESTART), ("recovered", RECOVERED)):
            criterion, rate = (None, None) if arm == "restart" else ("magnitude", 0.5)
            system = System("dsi", seed, arm, criterion, rate)
            frames.append(system_values(system, np.array(numbers[seed]), "test"))
    frame = pd.concat(frames, ignore_index=True)
    return {"MRR@10": frame, "MAP": frame}


def test_pairs_of_seed_and_query_are_counted() -> None:
    recovered, another = flips_rows(flips_frame(values(1, 2)))
    # Seed 1 loses the second query and wins the third; seed 2 keeps both of its own.
    assert recovered == Flips("dsi", "recovered", "magnitude", 0.5, "restart", 2, 3, 3, 1, 1, 1, 3, 2)
    assert recovered.kept == 3 / 4
    # Each seed's restart against the other's: both find the first query, and one more each.
    assert another._replace(criterion=None, rate=None) == Flips(
        "dsi", ANOTHER_SEED, None, None, "restart", 2, 3, 2, 2, 2, 2, 2, 2
    )


def test_one_seed_has_no_other() -> None:
    frame = flips_frame(values(1))
    assert list(frame["arm"]) == ["recovered"]


def test_of_nothing_found_nothing_can_be_kept() -> None:
    assert math.isnan(Flips("dsi", "recovered", "magnitude", 0.5, "restart", 1, 3, 0, 0, 2, 2, 1, 0).kept)


def test_seeds_that_differ_are_refused() -> None:
    both = values(1, 2)
    lacking = {
        name: frame[(frame["arm"] == "restart") | (frame["seed"] == 1)] for name, frame in both.items()
    }
    with pytest.raises(PairingError, match="recovered and restart do not have the same seeds"):
        flips_frame(lacking)
