"""Corpora: both forms read, sorted and whole, every fault named with file and line."""

import gzip
import hashlib
import json
import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.corpus_folder import corpus_files
from dsi.collection.files import (
    ROWS,
    Document,
    corpus_origin,
    read_corpus,
    sorted_documents,
    write_documents,
)
from dsi.collection.origin import Origin
from tests.collection.conftest import write

CORPUS = """{"id": "d2", "contents": "two\x85lines"}\r
{"_id": "d10", "title": "Ten", "text": "words", "metadata": {}}

{"_id": 1, "title": "", "text": "no title"}
"""


def documents(path: Path) -> pd.DataFrame:
    """The documents that collect_files.py would write."""
    output = path.with_suffix(".parquet")
    write_documents(sorted_documents(read_corpus([path]), Origin(str(path))), output)
    return pd.read_parquet(output)


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines_of_both_forms_sorted_by_docid(tmp_path: Path, packed: bool) -> None:
    data = CORPUS.encode()
    frame = documents(write(tmp_path, gzip.compress(data) if packed else data, "corpus.jsonl"))
    # U+0085 is a line break to str.splitlines and occurs inside MS MARCO's passages.
    assert frame.to_dict("list") == {
        "docid": ["1", "d10", "d2"],
        "text": ["no title", "Ten words", "two\x85lines"],
    }
    assert frame.dtypes.equals(pd.DataFrame({"docid": ["x"], "text": ["y"]}).dtypes)


def test_tab_separated_documents_keep_further_tabs(tmp_path: Path) -> None:
    frame = documents(write(tmp_path, "\ufeffb\ttwo\twords\na\t\n", "corpus.tsv"))
    assert frame.to_dict("list") == {"docid": ["a", "b"], "text": ["", "two\twords"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "a", "contents": "x"}\n{"contents": "y"}\n', r"line 2: found the keys 'contents' without"),
        ('{"id": null, "contents": "x"}\n', r"line 1: found the keys 'id', 'contents' without a docid"),
        ('{"id": "a", "contents": "x"}\n\n{"id": "b"\n', r"line 3: found no JSON in `\{\"id\": \"b\"`"),
        ('{"id": "a"}\n', r"line 1: found the keys 'id' and no text, expected lines like"),
        ('{"id": "a", "contents": ["x"]}\n', r"line 1: found the keys 'id', 'contents' and no text"),
        ('{"id": "a", "contents": "x"}\n[]\n', r"line 2: found `\[\]`, expected lines like"),
        ('{"id": "a b", "contents": "x"}\n', r"line 1: found the docid 'a b', expected one without white"),
        ('{"id": "a", "text": null}\n', r"line 1: found the keys 'id', 'text' and no text"),
        (
            '{"id": "a", "title": ["x"], "text": "y"}\n',
            r"""line 1: found the title "\['x'\]", which is no text""",
        ),
        ('{"id": "a", "title": 1984, "text": "y"}\n', r"line 1: found the title '1984', which is no text"),
        (
            '{"id": "a", "text": "x"}\n{"id": "b", "text": "\\ud800y"}\n',
            r"line 2: found the lone surrogate \\ud800",
        ),
        ("a\tx\nb x\n", r"corpus\.jsonl, line 2: found no tab in `b x`, expected lines like"),
        ("\tx\n", r"line 1: found the docid '', expected"),
        ("b\t1\na\t2\nb\t3\na\t4\nb\t5\n", r"line 3: found docid 'b' again, first on line 1; expected"),
        (b"a\tx\nb\tcaf\xe9\n", r"line 2: found byte 0xe9 at column 6, expected UTF-8"),
        ("\n \n", r"corpus\.jsonl: found no document, expected lines like"),
        (gzip.compress(b"a\tx\n" * 9, mtime=0)[:-6], r"corpus\.jsonl: found a damaged gzip file"),
    ],
)
def test_faulty_corpora_are_named(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(FileFormatError, match=message):
        documents(write(tmp_path, content, "corpus.jsonl"))
    assert not list(tmp_path.glob("*.parquet"))


def test_a_corpus_of_several_batches_is_whole_and_sorted(tmp_path: Path) -> None:
    count = ROWS + 7
    found = sorted_documents((Document(str(n), f"text {n}", n) for n in range(count)), Origin("numbers"))
    assert write_documents(found, tmp_path / "documents.parquet") == count
    frame = pd.read_parquet(tmp_path / "documents.parquet")
    assert list(frame["docid"]) == sorted(str(n) for n in range(count))
    assert (frame["text"] == "text " + frame["docid"]).all()


def test_of_repeated_docids_the_first_counts_if_that_is_allowed(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    corpus = write(tmp_path, "b\tfirst of b\na\tfirst of a\nb\tsecond\na\tsecond\nb\tthird\n", "corpus.tsv")
    options = ("--cache", tmp_path / "cache", "--output", tmp_path / "documents.parquet")
    ended = command("collect_files", "--corpus", json.dumps({"path": str(corpus)}), *options)
    assert "expected every docid once, or of the corpus `repeated: first`" in ended.stderr
    source = {"path": str(corpus), "repeated": "first"}
    ended = command("collect_files", "--corpus", json.dumps(source), *options)
    assert ended.returncode == 0, ended.stderr
    frame = pd.read_parquet(tmp_path / "documents.parquet")
    assert dict(zip(frame["docid"], frame["text"], strict=True)) == {"a": "first of a", "b": "first of b"}
    said = "line 3: left out 3 documents whose docid occurred before, the first being 'b'"
    assert said in ended.stderr


def test_the_command_takes_a_verified_download(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    corpus = write(tmp_path, "b\ttwo\na\tone\n", "corpus.tsv")
    digest = hashlib.sha256(corpus.read_bytes()).hexdigest()
    source = {"url": corpus.as_uri(), "sha256": digest}
    options = ("--cache", tmp_path / "cache", "--output", tmp_path / "documents.parquet")
    ended = command("collect_files", "--corpus", json.dumps(source), *options)
    assert ended.returncode == 0, ended.stderr
    assert pd.read_parquet(tmp_path / "documents.parquet")["docid"].tolist() == ["a", "b"]
    ended = command("collect_files", "--corpus", json.dumps({**source, "sha256": "0" * 64}), *options)
    assert ended.returncode == 1
    assert "found sha256" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("header", ["id\ttext\ttitle", "docid\tcontents", "pid\tpassage", '"_id"\t"text"'])
def test_headers_are_left_out(tmp_path: Path, header: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    frame = documents(write(tmp_path, f"{header}\na\tone\nid\ttext\n", "corpus.tsv"))
    assert list(frame["docid"]) == ["a", "id"]
    assert "corpus.tsv, line 1: left out the header" in caplog.text


def test_blank_texts_stay_and_texts_of_programs_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = '{"_id": "a", "title": null, "text": ""}\n{"id": "b", "contents": " "}\n'
    corpus += '{"id": "c", "contents": "nan"}\n'
    frame = documents(write(tmp_path, corpus, "corpus.jsonl"))
    assert list(frame["text"]) == ["", " ", "nan"]
    assert "corpus.jsonl, line 3: the text of 1 documents is what programs write" in caplog.text


def test_a_folder_is_read_file_by_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "deep").mkdir()
    write(tmp_path, '{"id": "b", "contents": "two"}\n', "docs01.json")
    write(tmp_path / "deep", gzip.compress(b'{"id": "a", "contents": "one"}\n'), "docs00.jsonl.gz")
    write(tmp_path, "1 0 a 1\n", "qrels.txt")
    write(tmp_path, "{}", ".hidden.json")
    files = corpus_files(tmp_path)
    assert [file.name for file in files] == ["docs00.jsonl.gz", "docs01.json"]
    assert "left out qrels.txt" in caplog.text
    (table,) = sorted_documents(read_corpus(files), corpus_origin(files))
    assert table.to_pydict() == {"docid": ["a", "b"], "text": ["one", "two"]}
    write(tmp_path, '{"id": "c", "contents": "x"}\n{"id": "b", "contents": "x"}\n', "docs02.json")
    files = corpus_files(tmp_path)
    again = r"docs02\.json, line 2: found docid 'b' again, first in .*docs01\.json, line 1; expected"
    with pytest.raises(FileFormatError, match=again):
        list(sorted_documents(read_corpus(files), corpus_origin(files)))


def test_of_a_folder_in_beirs_layout_the_corpus_is_read_alone(tmp_path: Path) -> None:
    for name in ("queries.jsonl", "corpus.jsonl"):
        write(tmp_path, '{"_id": "a", "text": "one"}\n', name)
    assert [file.name for file in corpus_files(tmp_path)] == ["corpus.jsonl"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        FileFormatError, match=r"found a folder without documents \(nothing in it\), expected"
    ):
        corpus_files(tmp_path / "empty")
