"""Two systems query by query: bins and order by hand."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.evaluation.query_comparison import by_bin, compared

QUERIES = pd.DataFrame({"qid": ["a", "b", "c"], "text": ["one", "one two three", "one two three four"]})
QRELS = pd.DataFrame({"qid": ["a", "a", "b", "c"], "docid": ["1", "2", "1", "3"], "grade": [1, 1, 1, 0]})
FIRST = pd.Series({"a": 0.2, "b": 0.5, "c": 0.1})
SECOND = pd.Series({"a": 0.4, "b": 0.25, "c": 0.8})


def test_bins_by_hand() -> None:
    table = compared(FIRST, SECOND, QUERIES.set_index("qid")["text"], QRELS[QRELS["grade"] > 0])
    assert list(table["words"]) == [1, 3, 4]
    assert table["relevant"].fillna(0).tolist() == [2, 1, 0]
    bins = by_bin(table, "words", [0, 3, 10])
    assert bins["first"].tolist() == [0.35, 0.1]
    assert bins["second"].tolist() == [0.325, 0.8]
    assert bins["ratio"].tolist() == [1.077, 0.125]
    assert bins["queries"].tolist() == [2, 1]
    # No number of times as good as one that finds nothing.
    assert by_bin(table.assign(second=0.0), "words", [0, 3, 10])["ratio"].isna().all()


@pytest.mark.parametrize("system", ["dense", "gone"])
def test_the_command(
    system: str, tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "collection").mkdir()
    QUERIES.to_parquet(tmp_path / "collection/queries.parquet")
    QRELS.to_parquet(tmp_path / "collection/qrels.parquet")
    for name, values in (("dense", FIRST), ("bm25", SECOND)):
        frame = pd.DataFrame(
            {"qid": values.index, "value": values.to_numpy(), "split": "test", "measure": "MAP"}
        )
        frame.to_parquet(tmp_path / f"metrics/{name}.per_query.parquet")
    done = command("compare_queries", tmp_path, system, "bm25", "--worst", 1)
    if system == "dense":
        assert done.stdout.splitlines()[-1] == "c  0.100  0.800  one two three four"
    else:
        assert done.returncode != 0
        assert "metrics/gone.per_query.parquet: not found; expected a system" in done.stderr
