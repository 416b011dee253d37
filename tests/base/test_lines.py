"""Lines are read as they are written, plain or gzipped; what is damaged is named by file and line."""

import gzip
from pathlib import Path

import pytest

from dsi.base.lines import FileFormatError, Line, read_lines


def test_lines_end_at_newlines_only(tmp_path: Path) -> None:
    path = tmp_path / "topics.tsv"
    path.write_bytes("\ufeffa\u2028b\r\n\n1\t\x0bc".encode())
    assert list(read_lines(path)) == [Line(1, "a\u2028b"), Line(2, ""), Line(3, "1\t\x0bc")]


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "topics.tsv"
    path.write_bytes(gzip.compress(b"a\nb\n"))
    assert [line.text for line in read_lines(path)] == ["a", "b"]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert list(read_lines(tmp_path / "empty")) == []


def test_bytes_that_are_not_utf8_are_named_by_place(tmp_path: Path) -> None:
    path = tmp_path / "topics.tsv"
    path.write_bytes(b"fine\nna\xefve\n")
    with pytest.raises(FileFormatError, match="line 2: found byte 0xef at column 3, expected UTF-8"):
        list(read_lines(path))


@pytest.mark.parametrize("cut", [10, -6])
def test_a_damaged_gzip_file_is_named(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "topics.tsv.gz"
    path.write_bytes(gzip.compress(b"a\nb\n")[:cut])
    with pytest.raises(FileFormatError, match=r"topics\.tsv\.gz: found a damaged gzip file after line"):
        list(read_lines(path))
