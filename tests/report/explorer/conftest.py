from collections.abc import Callable
from pathlib import Path

import pytest

from dsi.report.explorer.data import Shown, explorer_data
from dsi.report.explorer.frontier import frontier_points
from dsi.report.explorer.rankings import read_rankings
from dsi.report.results import read_csv
from tests.report.explorer.studies import write_study


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study of two seeds."""
    return write_study(tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="session")
def data_of() -> Callable[[Path], str]:
    """The data of the explorer of a study's results."""

    def read(results: Path) -> str:
        metrics = sorted((results / "metrics").rglob("*.json"))
        queries, ranked = read_rankings(metrics, results)
        sparsity = read_csv(results / "tables/sparsity.csv")
        points = frontier_points([one.report for one in ranked], sparsity, 0.95)
        return explorer_data(Shown("toy", 0.95, results), queries, ranked, points)

    return read
