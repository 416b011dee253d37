"""Points of the figure: means over seeds with Student's t interval."""

import json
from pathlib import Path

import pytest

from dsi.report.explorer.frontier import Point, frontier_points
from dsi.report.results import ReportError, read_csv, read_metrics
from tests.report.explorer.studies import write_study


def points_of(results: Path, arm: str) -> list[Point]:
    reports = [read_metrics(path) for path in sorted((results / "metrics").rglob("*.json"))]
    return frontier_points(
        [report for report in reports if report.system.arm == arm],
        read_csv(results / "tables/sparsity.csv"),
        0.95,
    )


def test_a_point_is_the_mean_over_seeds_with_its_interval_and_zeros(results: Path) -> None:
    by_rate = {(point.system.rate, point.measure): point for point in points_of(results, "pruned")}
    assert set(by_rate) == {(rate, name) for rate in (0.5, 0.9) for name in ("MAP", "nDCG@10")}
    point = by_rate[0.9, "MAP"]
    first = (1 / 12 + 1 / 13 + 1 / 14 + 1) / 4
    second = (1 / 3 + 1 / 13 + 1 / 14 + 1) / 4  # of seed 2, 1/16 more
    assert point.mean == pytest.approx((first + second) / 2)
    # s / √2 = 1/32, and t of one degree of freedom is 12.7062: the upper end, 0.7359.
    assert point.upper == pytest.approx(point.mean + 12.7062047 / 32)
    assert point.lower == 0.0  # where the mean cannot lie lower
    assert (point.zeros, point.seeds, point.system.seed) == (0.45, 2, None)


def test_recovered_models_have_the_zeros_of_the_pruned_ones_and_dense_ones_none(results: Path) -> None:
    assert [point.zeros for point in points_of(results, "recovered")] == [0.25, 0.25, 0.45, 0.45]
    assert [point.zeros for point in points_of(results, "dense")] == [None, None]


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    results = write_study(tmp_path, seeds=(3,))
    assert [(point.lower, point.upper, point.seeds) for point in points_of(results, "restart")] == [
        (None, None, 1)
    ] * 2


def test_a_measure_that_is_missing_is_an_error(tmp_path: Path) -> None:
    results = write_study(tmp_path, seeds=(1,), arms=("bm25",))
    contents = json.loads((results / "metrics/bm25.json").read_text())
    contents["measures"]["test"]["MAP"] = None
    (results / "metrics/bm25.json").write_text(json.dumps(contents))
    with pytest.raises(ReportError, match="bm25: no MAP of the test queries; evaluate it again"):
        points_of(results, "bm25")
