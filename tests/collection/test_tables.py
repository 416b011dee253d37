"""Columns of tables with a header, of every kind."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.tables import Record, column_names, read_table
from tests.collection.conftest import write


def test_columns_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    path = write(tmp_path, "n,id,text\n1,a,\n2,b,two\n", "a.csv")
    assert column_names(path) == ("n", "id", "text")
    assert list(read_table(path, ["text", "id"])) == [Record(2, ("", "a")), Record(3, ("two", "b"))]


def test_parquet_has_rows_nulls_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    kinds = pd.Categorical(["x", "y", "x"])
    pd.DataFrame({"id": [7, 8, 9], "kind": kinds, "text": ["a", None, "c"], "grade": [1.0, 0, 2]}).to_parquet(
        path
    )
    assert list(read_table(path, ["id", "text", "kind", "grade"])) == [
        Record(1, ("7", "a", "x", "1.0")),
        Record(2, ("8", None, "y", "0.0")),
        Record(3, ("9", "c", "x", "2.0")),
    ]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        (
            "id,text\na,b\n",
            "body",
            "found no columns 'body', expected one of the columns id, text, for example id",
        ),
        ("id,text,text\na,b,c\n", "text", "found 2 columns 'text', expected one"),
        ("", "id", "expected one of the columns (the file is empty)"),
    ],
)
def test_a_column_that_is_not_there_once_is_refused(
    tmp_path: Path, text: str, column: str, message: str
) -> None:
    with pytest.raises(FileFormatError) as error:
        list(read_table(write(tmp_path, text, "a.csv"), [column]))
    assert message in str(error.value)


def test_parquet_of_lists_or_bytes_is_refused_and_so_is_what_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a"], "text": [["x", "y"]]}), path)
    with pytest.raises(
        FileFormatError, match=r"a.parquet, column 'text': found values of type list<.*expected text"
    ):
        list(read_table(path, ["id", "text"]))
    with pytest.raises(FileFormatError, match=r"b.parquet: found a file that is no Parquet"):
        column_names(write(tmp_path, "id,text\n", "b.parquet"))
    with pytest.raises(FileFormatError, match=r"b.txt: found no table by its name"):
        column_names(write(tmp_path, "id,text\n", "b.txt"))
