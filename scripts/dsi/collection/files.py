"""The documents of a corpus: read from JSON lines or TSV one at a time, sorted, written as parquet.

JSON lines are those of Pyserini's JsonCollection (`id`, `contents`) or of BEIR (`_id`, `title`, `text`).
Texts are kept as Arrow arrays, not as Python objects, which would take several times the memory.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dsi.base.files import replacing
from dsi.base.lines import FileFormatError, Line, check_characters, json_record, read_lines
from dsi.collection.headers import is_corpus_header, without_header
from dsi.collection.origin import FILE, MISSING, Origin, check_id

ROWS = 50_000  # documents turned into Arrow arrays, or written, at a time
# Large offsets: the texts of MS MARCO are more than the 2 GiB that one array of strings may hold.
_GATHERED = pa.schema([("docid", pa.large_string()), ("text", pa.large_string()), ("place", pa.int64())])
_WRITTEN = pa.schema([("docid", pa.string()), ("text", pa.string())])
_EXPECTED = '`{"id": "d1", "contents": "…"}`, `{"_id": "d1", "title": "…", "text": "…"}` or `d1<TAB>text`'

logger = logging.getLogger(__name__)


class Document(NamedTuple):
    """A document and its place in the corpus, as an Origin counts: of a file the line, from 1."""

    docid: str
    text: str
    place: int


def corpus_origin(files: Sequence[Path], unit: str = "line") -> Origin:
    """How messages name places in those files."""
    return Origin(str(files[0]), unit, files=tuple(map(str, files)))


def read_corpus(files: Iterable[Path]) -> Iterator[Document]:
    """The documents of some files, in their order: JSON lines or `docid<TAB>text`, whose header is left out.

    The first character of each tells which. A record without `contents` gives its title and text, joined by a
    space. A text may be empty, as two of Cranfield's are, but not missing.

    Raises:
        FileFormatError: a line that is neither, has no docid or no text, half a character, or bytes that are
            not UTF-8.
    """
    for number, path in enumerate(files):
        for docid, text, line in _documents(path):
            yield Document(docid, text, number * FILE + line)


def _documents(path: Path) -> Iterator[Document]:
    lines = (line for line in read_lines(path) if line.text.strip())
    first = next(lines, None)
    if first is None:
        return
    pending: Iterator[Line] = chain([first], lines)
    if first.text.lstrip().startswith("{"):
        parse = _json_document
    else:
        parse, pending = _tsv_document, without_header(pending, is_corpus_header, path)
    for line in pending:
        docid, text = parse(f"{path}, line {line.number}", line)
        yield Document(docid, text, line.number)


def joined(title: str, text: str) -> str:
    """Title and text with a space between, as BEIR's collections are indexed; either may be empty."""
    return " ".join(part for part in (title, text) if part)


def sorted_documents(
    documents: Iterable[Document], origin: Origin, *, first_of_repeated: bool = False
) -> Iterator[pa.Table]:
    """The documents sorted by docid, in tables of at most `ROWS`: docid, text.

    Args:
        first_of_repeated: of documents with one docid the first counts.

    Raises:
        FileFormatError: a docid occurs twice and that is not allowed, is empty or has white space, a text
            has half a character, or there is no document.
    """
    batches = list(_gathered(_checked(documents, origin)))
    if not batches:
        raise FileFormatError(f"{origin.name}: found no document, expected {origin.unit}s like {_EXPECTED}")
    table = pa.Table.from_batches(batches, _GATHERED)
    order = pc.sort_indices(table, [("docid", "ascending"), ("place", "ascending")])
    repeated = _repeated(table.select(["docid", "place"]).take(order))
    if len(repeated.rows) and not first_of_repeated:
        raise FileFormatError(
            f"{origin.at(repeated.place)}: found docid {repeated.docid!r} again, first "
            f"{origin.first(repeated.before)}; expected every docid once, or of the corpus `repeated: first`"
        )
    if len(repeated.rows):
        logger.warning(
            "%s: left out %d documents whose docid occurred before, the first being %r",
            *(origin.at(repeated.place), len(repeated.rows), repeated.docid),
        )
        order = order.filter(pa.array(~np.isin(np.arange(len(order)), repeated.rows)))
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


def _checked(documents: Iterable[Document], origin: Origin) -> Iterator[Document]:
    missing: list[Document] = []
    for document in documents:
        check_id("docid", document.docid, origin.at(document.place))
        if not document.text.isascii():
            check_characters(document.text, origin.at(document.place))
        if document.text in MISSING:
            missing.append(document)
        yield document
    if missing:
        logger.warning(
            "%s: the text of %d documents is what programs write for a missing one, for example `%s`",
            origin.at(missing[0].place),
            len(missing),
            missing[0].text,
        )


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


class _Repeated(NamedTuple):
    """rows: of documents whose docid occurred before. Of the first: its place, the one before, its docid."""

    rows: npt.NDArray[np.intp]
    place: int
    before: int
    docid: str


def _repeated(documents: pa.Table) -> _Repeated:
    """Of documents that are sorted by docid, then place."""
    docids = documents["docid"].combine_chunks()
    again = np.flatnonzero(pc.equal(docids[1:], docids[:-1]).to_numpy(zero_copy_only=False)) + 1
    if again.size == 0:
        return _Repeated(again, 0, 0, "")
    places = documents["place"].to_numpy()
    # The earliest repetition is the second occurrence of its docid, as equal docids are sorted by place.
    second = int(again[places[again].argmin()])
    return _Repeated(again, int(places[second]), int(places[second - 1]), docids[second].as_py())


def _json_document(where: str, line: Line) -> tuple[str, str]:
    record = json_record(line, where, _EXPECTED)
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
    title, text = record.get("title"), record.get("text")
    if "contents" not in record and isinstance(text, str):
        if not isinstance(title, str | None):
            raise FileFormatError(
                f"{where}: found the title {str(title)[:80]!r}, which is no text, expected lines "
                f"like {_EXPECTED}"
            )
        return joined(title or "", text)
    raise FileFormatError(f"{where}: found {_keys(record)} and no text, expected lines like {_EXPECTED}")


def _keys(record: dict[str, Any]) -> str:
    return f"the keys {', '.join(map(repr, record))}" if record else "no keys"


def _tsv_document(where: str, line: Line) -> tuple[str, str]:
    docid, tab, text = line.text.partition("\t")
    if not tab:
        raise FileFormatError(f"{where}: found no tab in `{line.text[:80]}`, expected lines like {_EXPECTED}")
    return docid, text
