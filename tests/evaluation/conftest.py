"""Values by seed and query, worked by hand and simulated; a study whose verdicts are known."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dsi.evaluation.gates import gates
from dsi.evaluation.paired_values import KEYS
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import verdicts
from dsi.systems import System

Array = NDArray[np.float64]
# Three seeds (rows), four queries (columns).
#                 means: 2, 4, 6 by seed, 2, 3, 5, 6 by query, 4 in all.
WORKED = np.array([[1.0, 0, 3, 4], [1, 4, 5, 6], [4, 5, 7, 8]])
SEEDS, QUERIES = 3, 80
# Of a recovered model: how far its values lie from the control's, and the standard deviation of the rest.
CHANGES = {0.1: (0.0, 0.01), 0.2: (0.1, 0.05), 0.3: (-0.1, 0.05), 0.5: (0.0, 0.2)}


def crossed(
    rng: np.random.Generator, shape: tuple[int, int, int], seeds: float, queries: float, rest: float
) -> Array:
    """Experiments of normal effects with the given variances: (experiments, S, Q)."""
    n, s, q = shape
    effects = rng.normal(0, math.sqrt(seeds), (n, s, 1)) + rng.normal(0, math.sqrt(queries), (n, 1, q))
    return effects + rng.normal(0, math.sqrt(rest), shape)


def system_values(system: System, matrix: Array, split: str) -> pd.DataFrame:
    """One row a query of a system of one seed."""
    qids = [f"{split}{i:03d}" for i in range(len(matrix))]
    rows = pd.DataFrame({"qid": qids, "value": matrix, "split": split})
    return rows.assign(**system._asdict())[[*KEYS, "qid", "value"]]


def study(
    changes: dict[float, tuple[float, float]] = CHANGES,
    seeds: int = SEEDS,
    level: float = 0.5,
    criterion: str = "magnitude",
    validation: dict[float, float] | None = None,
) -> pd.DataFrame:
    """Values of dense, continued, restart and recovered models; on validation the change is as given."""
    rng = np.random.default_rng(0)
    difficulty = rng.normal(0, 0.1, QUERIES)
    frames = []
    for split in ("test", "validation"):
        frames.append(
            system_values(System(None, None, "random", None, None), rng.normal(0.02, 0.01, QUERIES), split)
        )
        for seed in range(1, seeds + 1):
            control = level + difficulty + rng.normal(0, 0.02, QUERIES)
            for arm in ("dense", "restart", "dense-continued"):
                noise = rng.normal(0, 0.001, QUERIES) if arm != "restart" else 0.0
                frames.append(system_values(System("dsi", seed, arm, None, None), control + noise, split))
            for rate, (change, sd) in changes.items():
                mean = (validation or {}).get(rate, change) if split == "validation" else change
                recovered = System("dsi", seed, "recovered", criterion, rate)
                matrix = control + mean + rng.normal(0, sd, QUERIES)
                frames.append(system_values(recovered, matrix, split))
    return pd.concat(frames, ignore_index=True)


def judged(values: pd.DataFrame, margin: float = 0.04) -> pd.DataFrame:
    return verdicts(values, gates(values, 0.95), margin, 0.95)


def row(frame: pd.DataFrame, rate: float, control: str, question: Question) -> "pd.Series[object]":
    found = frame[(frame["rate"] == rate) & (frame["control"] == control) & (frame["question"] == question)]
    assert len(found) == 1
    return found.iloc[0]
