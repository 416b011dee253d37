"""Tables with a header, CSV, TSV or Parquet: some of their columns, a row at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from dsi.base.lines import FileFormatError
from dsi.base.tables import PARQUET, read_rows, table_suffix

ROWS = 10_000  # of Parquet read at a time


class Record(NamedTuple):
    """Some fields of a row. place: its line, of Parquet its row, from 1. None: Parquet's null."""

    place: int
    values: tuple[str | None, ...]


def place_unit(path: Path) -> str:
    """What a place in a table counts, for messages."""
    return "row" if table_suffix(path.name) == PARQUET else "line"


def column_names(path: Path) -> tuple[str, ...]:
    """The columns of a table; none of an empty file.

    Raises:
        FileFormatError: the file is no table, or cannot be read as the one that its name says.
    """
    suffix = table_suffix(path.name)
    if suffix is None:
        raise FileFormatError(f"{path}: found no table by its name, expected for example corpus.csv")
    if suffix == PARQUET:
        return tuple(_parquet(path).schema_arrow.names)
    return tuple(next((row.fields for row in read_rows(path)), ()))


def read_table(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    """The rows of a table: the fields of the columns that are named, as text.

    Raises:
        FileFormatError: a column is not there, or twice, or of Parquet neither text nor numbers; or the file
            cannot be read.
    """
    found = column_names(path)
    for name in columns:
        if found.count(name) != 1:
            raise FileFormatError(
                f"{path}: found {found.count(name) or 'no'} columns {name!r}, expected one of the columns "
                f"{', '.join(found) or '(the file is empty)'}, for example "
                f"{next(iter(found), 'a header id,text')}"
            )
    if table_suffix(path.name) == PARQUET:
        yield from _parquet_records(path, columns)
        return
    wanted = [found.index(name) for name in columns]
    rows = read_rows(path)
    next(rows)
    for row in rows:
        yield Record(row.number, tuple(row.fields[index] for index in wanted))


def _parquet_records(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    file = _parquet(path)
    for name in columns:
        _check_type(f"{path}, column {name!r}", file.schema_arrow.field(name).type)
    place = 0
    for batch in file.iter_batches(ROWS, columns=list(dict.fromkeys(columns))):
        for values in zip(*(batch.column(name).to_pylist() for name in columns), strict=True):
            place += 1
            yield Record(place, tuple(None if value is None else str(value) for value in values))


def _check_type(where: str, kind: pa.DataType) -> None:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    text = pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value)
    if not (text or pa.types.is_integer(value) or pa.types.is_floating(value) or pa.types.is_null(value)):
        raise FileFormatError(
            f"{where}: found values of type {kind}, expected text or numbers, for example string"
        )


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise FileFormatError(
            f"{path}: found a file that is no Parquet ({error}), expected one, or another name"
        ) from error
