"""Tables of text, CSV and TSV with a header, plain or gzipped: their rows one at a time.

Fields are separated by commas or tabs, as the name of the file says. One that has the separator, a newline or
a quotation mark stands in quotation marks, and those within it are doubled (RFC 4180).
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dsi.base.lines import FileFormatError, Line, read_lines

DELIMITERS = {".csv": ",", ".tsv": "\t"}
PARQUET = ".parquet"
EXAMPLE = 'p1,"two words, and a ""quoted"" one"'


class Row(NamedTuple):
    """The fields of a row, and the number of the line that it begins on, from 1."""

    number: int
    fields: list[str]


def table_suffix(name: str) -> str | None:
    """`.csv`, `.tsv` or `.parquet` where a name ends so, the first two also before `.gz`; else None."""
    lowered = name.lower()
    if lowered.endswith(PARQUET):
        return PARQUET
    suffix = Path(lowered.removesuffix(".gz")).suffix
    return suffix if suffix in DELIMITERS else None


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV or TSV file, the header first; blank lines are none.

    Raises:
        FileFormatError: a row that has not as many fields as the header, a quotation mark that is not closed
            or stands alone, bytes that are not UTF-8, or a damaged gzip file.
    """
    csv.field_size_limit(sys.maxsize)  # a field is a whole text
    delimiter = DELIMITERS[str(table_suffix(path.name))]
    reader = csv.reader(map(_whole, read_lines(path)), delimiter=delimiter, strict=True)
    header: list[str] = []
    number = 1
    try:
        for fields in reader:
            if fields:
                header = header or fields
                if len(fields) != len(header):
                    raise FileFormatError(_miscounted(f"{path}, line {number}", fields, header, delimiter))
                yield Row(number, fields)
            number = reader.line_num + 1
    except csv.Error as error:
        where = f"line {number}" if reader.line_num <= number else f"lines {number} to {reader.line_num}"
        raise FileFormatError(
            f"{path}, {where}: found a row that cannot be divided into fields ({error}), expected quotation "
            f"marks around a field and doubled within it, for example `{EXAMPLE.replace(',', delimiter, 1)}`"
        ) from error


def _whole(line: Line) -> str:
    """A line with its end, which is part of a field in quotation marks."""
    return f"{line.text}\n"


def _miscounted(where: str, fields: list[str], header: list[str], delimiter: str) -> str:
    name = {",": "comma", "\t": "tab"}[delimiter]
    at = (
        f"none for the column {header[len(fields)]!r}"
        if len(fields) < len(header)
        else f"`{fields[len(header)].strip()[:40]}` behind the last column {header[-1]!r}"
    )
    return (
        f"{where}: found {len(fields)} fields, {at}; expected {len(header)} as in the header, and a field "
        f"with a {name} in quotation marks, for example `{EXAMPLE.replace(',', delimiter, 1)}`"
    )
