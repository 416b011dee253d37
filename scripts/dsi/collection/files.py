"""The documents of a corpus: read from JSON lines or TSV one at a time, sorted, written as parquet.

JSON lines are those of Pyserini's JsonCollection (`id`, `contents`) or of BEIR (`_id`, `title`, `text`).
Texts are kept as Arrow arrays, not as Python objects, which would take several times the memory.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dsi.base.files import replacing
from dsi.base.lines import FileFormatError, Line, read_lines

ROWS = 50_000  # documents turned into Arrow arrays, or written, at a time
# Large offsets: the texts of MS MARCO are more than the 2 GiB that one array of strings may hold.
_GATHERED = pa.schema([("docid", pa.large_string()), ("text", pa.large_string()), ("place", pa.int64())])
_WRITTEN = pa.schema([("docid", pa.string()), ("text", pa.string())])
_EXPECTED = '`{"id": "d1", "contents": "…"}`, `{"_id": "d1", "title": "…", "text": "…"}` or `d1<TAB>text`'


class Document(NamedTuple):
    """A document and its place in the corpus: the line of a file, from 1."""

    docid: str
    text: str
    place: int


def read_corpus(path: Path) -> Iterator[Document]:
    """The documents of a file, in its order: JSON lines or `docid<TAB>text`.

    The first character tells which. A record without `contents` gives its title and text, joined by a space.

    Raises:
        FileFormatError: a line that is neither, has no docid, one with white space or no text, or bytes
            that are not UTF-8.
    """
    parse = None
    for line in read_lines(path):
        if not line.text.strip():
            continue
        if parse is None:
            parse = _json_document if line.text.lstrip().startswith("{") else _tsv_document
        docid, text = parse(path, line)
        if not docid or docid.split() != [docid]:
            raise FileFormatError(
                f"{path}, line {line.number}: found the docid {docid!r}, expected one without white space, "
                "which separates the columns of runs and judgements"
            )
        yield Document(docid, text, line.number)


def joined(title: str, text: str) -> str:
    """Title and text with a space between, as BEIR's collections are indexed; either may be empty."""
    return " ".join(part for part in (title, text) if part)


def sorted_documents(documents: Iterable[Document], origin: str, unit: str = "line") -> Iterator[pa.Table]:
    """The documents sorted by docid, in tables of at most `ROWS`: docid, text.

    Args:
        origin: where they come from, for messages.
        unit: what a document's place counts, for messages.

    Raises:
        FileFormatError: a docid occurs twice, or there is no document.
    """
    batches = list(_gathered(documents))
    if not batches:
        raise FileFormatError(f"{origin}: found no document, expected {unit}s like {_EXPECTED}")
    table = pa.Table.from_batches(batches, _GATHERED)
    order = pc.sort_indices(table, [("docid", "ascending"), ("place", "ascending")])
    _check_once(table.select(["docid", "place"]).take(order), origin, unit)
    for start in range(0, len(order), ROWS):
        yield table.select(["docid", "text"]).take(order.slice(start, ROWS))


def write_documents(documents: Iterable[pa.Table | pa.RecordBatch], path: Path) -> int:
    """Write tables with docid and text below each other as one parquet file; returns the rows.

    As pandas reads it, the file is like any other of documents.
    """
    rows = 0
    with replacing(path) as temporary, pq.ParquetWriter(temporary, _WRITTEN) as writer:
        for part in documents:
            writer.write(part.cast(_WRITTEN))
            rows += part.num_rows
    return rows


def _gathered(documents: Iterable[Document]) -> Iterator[pa.RecordBatch]:
    pending = iter(documents)
    while rows := list(islice(pending, ROWS)):
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(column, field.type)
                for column, field in zip(zip(*rows, strict=True), _GATHERED, strict=True)
            ],
            schema=_GATHERED,
        )


def _check_once(documents: pa.Table, origin: str, unit: str) -> None:
    """Refuse a docid that occurs twice; the documents are sorted by docid, then place."""
    docids = documents["docid"].combine_chunks()
    again = np.flatnonzero(pc.equal(docids[1:], docids[:-1]).to_numpy(zero_copy_only=False)) + 1
    if again.size == 0:
        return
    places = documents["place"].to_numpy()
    # The earliest repetition is the second occurrence of its docid, as equal docids are sorted by place.
    second = again[places[again].argmin()]
    raise FileFormatError(
        f"{origin}, {unit} {places[second]}: found docid {docids[int(second)].as_py()!r} again, first on "
        f"{unit} {places[second - 1]}; expected every docid once"
    )


def _json_document(path: Path, line: Line) -> tuple[str, str]:
    try:
        record = json.loads(line.text)
    except json.JSONDecodeError as error:
        raise FileFormatError(
            f"{path}, line {line.number}: found no JSON in `{line.text[:80]}` ({error}), expected lines like "
            f"{_EXPECTED}"
        ) from error
    where = f"{path}, line {line.number}"
    if not isinstance(record, dict):
        raise FileFormatError(f"{where}: found `{line.text[:80]}`, expected lines like {_EXPECTED}")
    docid = record.get("id", record.get("_id"))
    if isinstance(docid, int) and not isinstance(docid, bool):
        docid = str(docid)
    if not isinstance(docid, str):
        raise FileFormatError(
            f"{where}: found {_keys(record)} without a docid of text, expected lines like {_EXPECTED}"
        )
    return docid, _text(record, where)


def _text(record: dict[str, Any], where: str) -> str:
    if isinstance(record.get("contents"), str):
        return str(record["contents"])
    if "contents" not in record and isinstance(record.get("text"), str):
        return joined(str(record.get("title") or ""), record["text"])
    raise FileFormatError(f"{where}: found {_keys(record)} and no text, expected lines like {_EXPECTED}")


def _keys(record: dict[str, Any]) -> str:
    return f"the keys {', '.join(map(repr, record))}" if record else "no keys"


def _tsv_document(path: Path, line: Line) -> tuple[str, str]:
    docid, tab, text = line.text.partition("\t")
    if not tab:
        raise FileFormatError(
            f"{path}, line {line.number}: found no tab in `{line.text[:80]}`, expected lines like {_EXPECTED}"
        )
    return docid, text
