"""Files that an earlier job of a study wrote: read whole, with the columns that they should have, or refused.

A file that a full disk, a kill from outside or an older version of the code left is a fault that the reader
of the next job meets. Each message names the file, what was found and the way out.
"""

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

TEXT, NUMBER = "text", "numbers"
# The columns of a study's parquet files that every reader needs, by the pattern of their names.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "documents.parquet": {"docid": TEXT, "text": TEXT},
    "corpus.parquet": {"docid": TEXT, "text": TEXT},
    "queries.parquet": {"qid": TEXT, "split": TEXT},
    "qrels.parquet": {"qid": TEXT, "docid": TEXT, "grade": NUMBER},
    "topk.parquet": {"qid": TEXT, "docid": TEXT, "rank": NUMBER},
    "docids.parquet": {"docid": TEXT},
    "history.parquet": {"epoch": NUMBER, "phase": TEXT},
    "*.per_query.parquet": {"qid": TEXT, "split": TEXT, "measure": TEXT, "value": NUMBER},
    "*.outputs.parquet": {"qid": TEXT},
}


class ArtefactError(RuntimeError):
    """A file of a study is missing, cut or of another form; the message names it and the way out."""


def read_frame(
    path: Path, columns: list[str] | None = None, filters: Any = None, categories: list[str] | None = None
) -> pd.DataFrame:
    """A parquet file of a study as a frame, as `pandas.read_parquet` gives it.

    Args:
        categories: columns of few texts that stand in many rows; each text is held once.

    Raises:
        ArtefactError: it is not there, no whole parquet file, or lacks a column that its name promises.
    """
    try:
        check_columns(pq.read_schema(path), path, columns or ())
        return pd.read_parquet(path, columns=columns, filters=filters, read_dictionary=categories)
    except (OSError, pa.ArrowException) as error:
        raise ArtefactError(unreadable(path, error)) from error


def check_columns(schema: pa.Schema, path: Path, columns: Sequence[str] = ()) -> None:
    """Refuse a parquet file without the columns that are asked for, or if all are, those of COLUMNS.

    Raises:
        ArtefactError: one is not there, or has values of another type.
    """
    promised = next((kinds for name, kinds in COLUMNS.items() if fnmatch(path.name, name)), {})
    for column in columns or promised:
        if column not in schema.names:
            raise ArtefactError(
                f"{path}: found the columns {', '.join(schema.names) or '(none)'}, expected {column} among "
                f"them; another version of the code wrote it: {way_out(path)}"
            )
        kind, found = promised.get(column), schema.field(column).type
        if kind is not None and not _is(kind, found):
            raise ArtefactError(
                f"{path}: found {column} of type {found}, expected {kind}; another version of the code wrote "
                f"it: {way_out(path)}"
            )


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object that a file of a study holds.

    Raises:
        ArtefactError: it is not there, or no whole JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtefactError(unreadable(path, error)) from error
    if not isinstance(value, dict):
        raise ArtefactError(f"{path}: found JSON that is no object, expected one: {way_out(path)}")
    return value


def unreadable(path: Path, error: Exception) -> str:
    """The message about a file that a library could not read, for any kind of file."""
    if not path.is_file():
        return f"{path}: found no such file, expected one that an earlier job wrote: run that job again"
    reason = (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
    return (
        f"{path}: found {path.stat().st_size} bytes that cannot be read ({reason[:200]}), expected a whole "
        f"file: {way_out(path)}"
    )


def way_out(path: Path) -> str:
    """How to have a file made again."""
    return f"remove it and run again, for example rm {path}"


def _is(kind: str, found: pa.DataType) -> bool:
    value = found.value_type if pa.types.is_dictionary(found) else found
    if pa.types.is_null(value):  # a column without any value
        return True
    if kind == TEXT:
        return bool(pa.types.is_string(value) or pa.types.is_large_string(value))
    return bool(pa.types.is_integer(value) or pa.types.is_floating(value))
