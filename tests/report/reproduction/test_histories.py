"""Histories of E1 by the system that their path names."""

from pathlib import Path

import pytest

from dsi.report.reproduction.histories import by_epoch, dense_histories, read_history
from dsi.report.reproduction.published import published_rows
from dsi.report.results import ReportError
from tests.report.reproduction.conftest import entry, history, pruned_entry


def test_a_history_is_that_of_its_path(tmp_path: Path) -> None:
    path = tmp_path / "baselines/small-k5/seed3/dense/history.parquet"
    path.parent.mkdir(parents=True)
    history([2.0, 1.0], [0.0, 0.5]).to_parquet(path)
    key, found = read_history(path)
    assert key == ("small-k5", 3)
    assert by_epoch(found, "validation_loss") == {1: 2.0, 2: 1.0}
    history([1.0], [0.0]).drop(columns="validation_MAP-published").to_parquet(path)
    with pytest.raises(ReportError, match="no column 'validation_MAP-published'"):
        read_history(path)


@pytest.mark.parametrize("folder", ["baselines/small-k5/seed3/restart", "recovered/a/seed1/b-0.5", "dense"])
def test_other_histories_are_refused(folder: str) -> None:
    with pytest.raises(ReportError, match=r"expected …/baselines/<baseline>/seed<n>/dense/history\.parquet"):
        read_history(Path(folder) / "history.parquet")


def test_only_dense_rows_have_histories() -> None:
    rows = published_rows([entry(), pruned_entry(0.2)])
    histories = {("small-k5", 2): history([1], [0]), ("small-k5-pruned", 1): history([1], [0])}
    found = [(row.baseline, seed) for row, seed, _ in dense_histories(rows, histories)]
    assert found == [("small-k5", 2)]
