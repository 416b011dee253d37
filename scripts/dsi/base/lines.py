"""Lines of text files, plain or gzipped, with their numbers; the JSON objects that they hold.

Lines end at newlines only: str.splitlines also breaks at characters that occur inside texts.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")


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


def json_record(line: Line, where: str, expected: str) -> dict[str, Any]:
    """The JSON object of a line.

    Args:
        where: file and line, for messages.
        expected: examples of right lines, for messages.

    Raises:
        FileFormatError: it holds none, or half a character (see `check_characters`).
    """
    try:
        record = json.loads(line.text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise FileFormatError(
            f"{where}: found no JSON in `{line.text[:80]}` ({error}), expected lines like {expected}"
        ) from error
    if not isinstance(record, dict):
        raise FileFormatError(f"{where}: found `{line.text[:80]}`, expected lines like {expected}")
    if "\\u" in line.text:  # only an escape can hold one: as bytes it is no UTF-8
        check_characters(json.dumps(record, ensure_ascii=False), where)
    return record


def check_characters(text: str, where: str) -> None:
    """Refuse half a character, which cannot be written as UTF-8.

    Raises:
        FileFormatError: the text has a lone surrogate.
    """
    half = _SURROGATE.search(text)
    if half is not None:
        raise FileFormatError(
            f"{where}: found the lone surrogate \\u{ord(half[0]):04x}, half of a character, expected whole "
            "ones, for example \\ud83d\\ude00; a text that was cut in the middle of a character ends so"
        )


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
