"""Queries that were generated for documents elsewhere: read from JSON lines or TSV, one at a time.

JSON lines are those of docTTTTTquery's expansions (`id`, `predicted_queries`) and what is common besides;
TSV lines hold a docid and one or more queries, as `paste` joins docTTTTTquery's files of samples.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.lines import FileFormatError, Line, json_record, read_lines

DOCID_KEYS = ("id", "docid", "doc_id", "_id")
QUERIES_KEYS = ("queries", "predicted_queries")
COLUMNS = ("docid", "query")
_EXPECTED = '`{"id": "d1", "queries": ["first query", "second query"]}` or `d1<TAB>query`'


class GeneratedQuery(NamedTuple):
    """A query that the document may answer, and the line of the file that holds it, from 1."""

    docid: str
    query: str
    line: int


class KnownQueries(NamedTuple):
    """Those queries whose documents are in the collection, and what became of the others.

    queries: docid, query; sorted by docid, the queries of a document in the order of the file.
    unknown: docids that the collection does not have, in the order of their first occurrence.
    """

    queries: pd.DataFrame
    unknown: list[str]


def read_generated(path: Path) -> Iterator[GeneratedQuery]:
    """The queries of a file, in its order; empty ones are left out, and a docid may come again.

    The first character of the file tells JSON lines from TSV.

    Raises:
        FileFormatError: a line that is neither, has no docid or no queries, or bytes that are not UTF-8.
    """
    parse = None
    for line in read_lines(path):
        if not line.text.strip():
            continue
        if parse is None:
            parse = _json_queries if line.text.lstrip().startswith("{") else _tsv_queries
        docid, queries = parse(f"{path}, line {line.number}", line)
        yield from (GeneratedQuery(docid, query.strip(), line.number) for query in queries if query.strip())


def known_queries(generated: Iterable[GeneratedQuery], docids: Iterable[str], origin: str) -> KnownQueries:
    """The queries of those documents that the collection has.

    Args:
        docids: of the collection.
        origin: where the queries come from, for messages.

    Raises:
        FileFormatError: there is no query, or none of a document of the collection.
    """
    expected = set(docids)
    kept: list[tuple[str, str]] = []
    unknown: dict[str, int] = {}
    for docid, query, line in generated:
        if docid in expected:
            kept.append((docid, query))
        else:
            unknown.setdefault(docid, line)
    if not kept and unknown:
        stranger, line = next(iter(unknown.items()))
        raise FileFormatError(
            f"{origin}, line {line}: found docid {stranger!r}, and in the whole file none of the "
            f"collection's {len(expected):,} documents; expected docids like {min(expected, default='d1')!r}"
        )
    if not kept:
        raise FileFormatError(f"{origin}: found no query, expected lines like {_EXPECTED}")
    frame = pd.DataFrame(kept, columns=list(COLUMNS)).sort_values("docid", kind="stable", ignore_index=True)
    return KnownQueries(frame, list(unknown))


def _json_queries(where: str, line: Line) -> tuple[str, list[str]]:
    record = json_record(line, where, _EXPECTED)
    docid = _first(record, DOCID_KEYS)
    if isinstance(docid, int) and not isinstance(docid, bool):
        docid = str(docid)
    if not isinstance(docid, str) or not docid:
        raise FileFormatError(
            f"{where}: found {_keys(record)} without a docid, expected lines like {_EXPECTED}"
        )
    queries = _first(record, QUERIES_KEYS)
    if not isinstance(queries, list) or not all(isinstance(query, str) for query in queries):
        raise FileFormatError(
            f"{where}: found {_keys(record)} without a list of queries, expected lines like {_EXPECTED}"
        )
    return docid, queries


def _tsv_queries(where: str, line: Line) -> tuple[str, list[str]]:
    docid, tab, queries = line.text.partition("\t")
    if not tab or not docid:
        missing = "docid" if tab else "tab"
        raise FileFormatError(
            f"{where}: found no {missing} in `{line.text[:80]}`, expected lines like {_EXPECTED}"
        )
    return docid, queries.split("\t")


def _first(record: dict[str, Any], keys: Iterable[str]) -> Any:
    return next((record[key] for key in keys if key in record), None)


def _keys(record: dict[str, Any]) -> str:
    return f"the keys {', '.join(map(repr, record))}" if record else "no keys"
