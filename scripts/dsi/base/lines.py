"""Lines of text files, plain or gzipped, with their numbers.

Lines end at newlines only: str.splitlines also breaks at characters that occur inside texts.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class FileFormatError(ValueError):
    """A file cannot be read; the message names file and line, what was found and what was expected."""


class Line(NamedTuple):
    """A line of text without its end, and its number, from 1."""

    number: int
    text: str


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a UTF-8 file, one at a time.

    Raises:
        FileFormatError: bytes that are not UTF-8, or a damaged gzip file.
    """
    number = 0
    try:
        with _opened(path) as file:
            for number, raw in enumerate(file, start=1):
                line = raw.removeprefix(_BYTE_ORDER_MARK) if number == 1 else raw
                yield Line(number, _decoded(line.rstrip(b"\r\n"), path, number))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileFormatError(
            f"{path}: found a damaged gzip file after line {number} ({error}), expected a whole one; "
            "copy or download it again"
        ) from error


def _opened(path: Path) -> BinaryIO:
    file = path.open("rb")
    if file.peek(2).startswith(_GZIP):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    return file


def _decoded(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path}, line {number}: found byte 0x{line[error.start]:02x} at column {error.start + 1}, "
            "expected UTF-8"
        ) from error
