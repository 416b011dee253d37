"""Text files as documents."""

import gzip
from pathlib import Path

import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.corpus_folder import corpus_files
from dsi.collection.files import Document
from dsi.collection.origin import FILE
from dsi.collection.text_files import text_documents
from tests.collection.conftest import write


def test_a_file_is_a_document_and_its_path_the_docid(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    write(tmp_path, "\ufeff# Title\r\n\r\nText.\r\n", "a.md")
    write(tmp_path / "guide", gzip.compress("café".encode()), "b.txt.gz")
    write(tmp_path, "", "empty.txt")
    assert list(text_documents(corpus_files(tmp_path), tmp_path)) == [
        Document("a", "# Title\n\nText.", 1),
        Document("empty", "", FILE + 1),
        Document("guide/b", "café", 2 * FILE + 1),
    ]


def test_other_bytes_than_utf8_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "one\ncaf\xe9\n".encode("latin-1"), "a.txt")
    with pytest.raises(FileFormatError, match=r"a.txt, line 2: found byte 0xe9 at column 4, expected UTF-8"):
        list(text_documents(corpus_files(tmp_path), tmp_path))
