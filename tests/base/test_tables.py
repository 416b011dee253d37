"""Tables of text: rows as RFC 4180 divides them, with the lines that they begin on."""

import gzip
from pathlib import Path

import pytest

from dsi.base.lines import FileFormatError
from dsi.base.tables import Row, read_rows, table_suffix

CSV = '\ufeffid,text\r\np1,"two, ""words""\r\non two lines"\r\n\r\np2,\r\n'


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.csv", ".csv"),
        ("A.CSV.GZ", ".csv"),
        ("a.b.tsv", ".tsv"),
        ("a.tsv.gz", ".tsv"),
        ("a.parquet", ".parquet"),
        ("a.parquet.gz", None),
        ("a.jsonl", None),
        ("csv", None),
    ],
)
def test_a_name_says_what_a_table_is(name: str, suffix: str | None) -> None:
    assert table_suffix(name) == suffix


@pytest.mark.parametrize("packed", [False, True])
def test_rows_with_quotation_marks_newlines_and_a_byte_order_mark(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(CSV.encode()) if packed else CSV.encode())
    assert list(read_rows(path)) == [
        Row(1, ["id", "text"]),
        Row(2, ["p1", 'two, "words"\non two lines']),
        Row(5, ["p2", ""]),
    ]


def test_tabs_separate_tsv_and_a_text_may_be_long(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(f'id\ttext\nd1\t{"x" * 200_000}\nd2\t"a\tb"\n', encoding="utf-8")
    assert [len(row.fields[1]) for row in read_rows(path)] == [4, 200_000, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "id,text,title\np1,a,b\np2,a\n",
            "a.csv, line 3: found 2 fields, none for the column 'title'; expected 3",
        ),
        (
            "id,text\np1,one, two\n",
            "a.csv, line 2: found 3 fields, `two` behind the last column 'text'; expected 2 as in the header",
        ),
        (
            'id,text\np1,x\np2,"not closed\nand on\n',
            "a.csv, lines 3 to 4: found a row that cannot be divided",
        ),
        ('id,text\np1,"a" b\n', "a.csv, line 2: found a row that cannot be divided"),
        (
            "id,text\np1,\xff\n".encode("latin-1"),
            "a.csv, line 2: found byte 0xff at column 4, expected UTF-8",
        ),
    ],
)
def test_faults_name_the_line_and_the_column(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FileFormatError) as error:
        list(read_rows(path))
    assert message in str(error.value)
    assert "expected" in str(error.value)
