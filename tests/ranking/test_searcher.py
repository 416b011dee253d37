"""A checkpoint opened for searching: its collection is found, queries are read, what is missing is named."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsi.bm25.parameters import DEFAULTS
from dsi.docids.identifiers import ATOMIC
from dsi.ranking.searcher import MODEL, SearchError, open_searcher, read_queries
from tests.ranking.studies import DOCIDS, DOCUMENTS, TEXTS, dense


def read(given: bytes) -> Iterator[str]:
    return read_queries("-", io.BytesIO(given))


def test_the_collection_is_that_of_the_checkpoints_study(study: Path) -> None:
    searcher = open_searcher(dense(study, ATOMIC), None, None, 1024)
    assert list(searcher.systems) == [MODEL]
    assert searcher.texts == dict(zip(DOCIDS, TEXTS, strict=True))


def test_what_is_missing_is_named(study: Path, tmp_path: Path) -> None:
    with pytest.raises(SearchError, match=r"no collection/documents\.parquet in a folder above it"):
        open_searcher(tmp_path, None, None, 1024)
    with pytest.raises(SearchError, match=r"documents\.parquet: no such file; expected the documents"):
        open_searcher(dense(study, ATOMIC), tmp_path, None, 1024)
    DOCUMENTS[1:].to_parquet(tmp_path / "documents.parquet")
    with pytest.raises(SearchError, match="lacks 1 of the checkpoint's 5 documents, for example 'net"):
        open_searcher(dense(study, ATOMIC), tmp_path, DEFAULTS, 1024)
    DOCUMENTS.to_parquet(tmp_path / "documents.parquet")
    with pytest.raises(SearchError, match=r"manifest\.json: no such file, so no BM25; expected"):
        open_searcher(dense(study, ATOMIC), tmp_path, DEFAULTS, 1024)


def test_queries_come_one_a_line_as_they_are_read() -> None:
    assert list(read_queries(" graph ", io.BytesIO())) == [" graph "]
    assert list(read("a Gräph\n\n matrix \n".encode())) == ["a Gräph", "matrix"]
    queries = read(b"ok\nn\xffo\n")
    assert next(queries) == "ok"
    with pytest.raises(SearchError, match="standard input, line 2: found b"):
        next(queries)


def test_no_query_is_refused() -> None:
    with pytest.raises(SearchError, match="query: found no text, expected some"):
        list(read_queries(" ", io.BytesIO()))
    with pytest.raises(SearchError, match="standard input: found no query, expected one a line"):
        list(read(b"\n"))
