"""Dense models against references: the interval is the crossed one of the paired differences."""

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.estimates import crossed_estimate, query_estimate
from dsi.evaluation.paired_values import PairingError
from dsi.evaluation.reference_differences import reference_differences
from dsi.systems import System
from tests.evaluation.conftest import WORKED, system_values

BM25 = np.array([0.3, 0.2, 0.5, 0.4])
DENSE = WORKED / 10


def values(seeds: int = 3) -> pd.DataFrame:
    frames = [system_values(System(None, None, "bm25", None, None), BM25, "test")]
    for seed in range(1, seeds + 1):
        dense = DENSE[seed - 1]
        frames.append(system_values(System("dsi", seed, "dense", None, None), dense, "test"))
        frames.append(system_values(System("dsi", seed, "initial", None, None), dense - 0.1 * seed, "test"))
    return pd.concat(frames, ignore_index=True)


def test_a_reference_is_the_same_for_every_seed() -> None:
    row = reference_differences({"MAP": values()}, 0.95).set_index("reference").loc["bm25"]
    lower, upper = crossed_estimate(DENSE - BM25).interval(0.95)
    assert (row["seeds"], row["queries"]) == (3, 4)
    assert (row["dense"], row["value"], row["difference"]) == pytest.approx((0.4, 0.35, 0.05))
    assert (row["lower"], row["upper"]) == pytest.approx((float(lower), float(upper)))


def test_the_initial_model_is_paired_by_seed() -> None:
    row = reference_differences({"MAP": values()}, 0.95).set_index("reference").loc["initial"]
    # By seed 0.1, 0.2, 0.3 for every query: Student's t over three seeds, 4.30265 · 0.1 / √3.
    assert row["difference"] == pytest.approx(0.2)
    assert row["upper"] - row["difference"] == pytest.approx(4.30265 * 0.1 / np.sqrt(3), abs=1e-5)


def test_one_seed_has_the_interval_over_queries() -> None:
    row = reference_differences({"MAP": values(1)}, 0.95).iloc[0]
    lower, upper = query_estimate((DENSE - BM25)[:1]).interval(0.95)
    assert (row["seeds"], row["lower"], row["upper"]) == pytest.approx((1, float(lower), float(upper)))


def test_other_queries_are_refused() -> None:
    frame = values()
    lacking = frame[(frame["arm"] != "bm25") | (frame["qid"] != "test003")]
    with pytest.raises(PairingError, match="dense of dsi and bm25 do not have the same queries"):
        reference_differences({"MAP": lacking}, 0.95)
