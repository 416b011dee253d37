"""Generated queries from files: every form read, every fault named with its line, strangers left out."""

import gzip
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.base.lines import FileFormatError
from dsi.pseudo_queries.files import known_queries, read_generated


def written(folder: Path, text: str) -> Path:
    path = folder / "queries"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "d1", "queries": ["one", " two "]}\n{"id": 2, "queries": ["three"]}\n',
        '{"docid": "d1", "predicted_queries": ["one", "two", ""]}\n\n'
        '{"doc_id": "2", "predicted_queries": ["three"]}\n',
        "d1\tone\nd1\ttwo\n2\tthree\n",
        "d1\tone\ttwo\n2\tthree\n",  # as paste joins docTTTTTquery's files of samples
    ],
)
def test_every_form_gives_the_same_queries(text: str, tmp_path: Path) -> None:
    expected = [("d1", "one"), ("d1", "two"), ("2", "three")]
    path = written(tmp_path, text)
    assert [(found.docid, found.query) for found in read_generated(path)] == expected
    path.write_bytes(gzip.compress(text.encode()))
    assert [(found.docid, found.query) for found in read_generated(path)] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "d1", "queries": ["a"]}\n{"id": "d2"\n', 'line 2: found no JSON in `{"id": "d2"`'),
        ('{"id": "d1", "queries": ["a"]}\n["d2"]\n', 'line 2: found `["d2"]`, expected lines like'),
        ('{"queries": ["a"]}\n', "line 1: found the keys 'queries' without a docid, expected"),
        ('{"id": "d1", "text": "a"}\n', "line 1: found the keys 'id', 'text' without a list of queries"),
        (
            '{"id": "d1", "queries": "a"}\n',
            "line 1: found the keys 'id', 'queries' without a list of queries",
        ),
        ('{"id": "d1", "queries": ["a", 1]}\n', "without a list of queries"),
        ("d1\tone\nd2 two\n", "line 2: found no tab in `d2 two`, expected"),
        ("\tone\n", "line 1: found no docid in `\tone`, expected"),
    ],
)
def test_a_faulty_line_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(FileFormatError, match=re.escape(message)) as error:
        list(read_generated(path))
    assert str(error.value).startswith(f"{path}, line ")
    assert '`{"id": "d1", "queries": ["first query", "second query"]}` or `d1<TAB>query`' in str(error.value)


def test_unknown_documents_are_left_out_and_named_once(tmp_path: Path) -> None:
    path = written(tmp_path, "d2\tb\nx\tc\nd1\ta\ny\td\nd2\ta\nx\te\n")
    known = known_queries(read_generated(path), ["d1", "d2", "d3"], "queries")
    assert known.unknown == ["x", "y"]
    assert known.queries.to_numpy().tolist() == [["d1", "a"], ["d2", "b"], ["d2", "a"]]


def test_a_file_of_other_documents_or_of_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        FileFormatError, match="queries, line 1: found docid 'x', and in the whole file none of"
    ):
        known_queries(read_generated(written(tmp_path, "x\tc\ny\td\n")), ["d1"], "queries")
    with pytest.raises(FileFormatError, match="queries: found no query, expected lines like"):
        known_queries(read_generated(written(tmp_path, "d1\t \n")), ["d1"], "queries")


def test_the_command_reports_what_it_left_out(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    documents = tmp_path / "documents.parquet"
    pd.DataFrame({"docid": ["d1", "d2", "d3", "d4", "d5"], "text": "x"}).to_parquet(documents)
    path = written(tmp_path, "d1\ta\nx\tb\nx\tc\ny\td\nd1\te\n")
    output = tmp_path / "out/file.parquet"
    options = ("--file", path, "--documents", documents, "--output", output)
    done = command("read_pseudo_queries", *options)
    assert done.returncode == 0, done.stderr
    assert "left out the queries of 2 docids that the collection does not have, for example x" in done.stderr
    assert "2 queries of 1 of 5 documents" in done.stderr
    assert pd.read_parquet(output)["query"].tolist() == ["a", "e"]
    path.write_bytes(b"d1\t\xff\n")
    done = command("read_pseudo_queries", *options)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"error: {path}, line 1: found byte 0xff at column 4")
