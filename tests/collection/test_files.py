"""Corpora: both forms read, sorted and whole, every fault named with file and line."""

import gzip
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.files import ROWS, Document, read_corpus, sorted_documents, write_documents
from tests.collection.conftest import write

CORPUS = """{"id": "d2", "contents": "two\x85lines"}\r
{"_id": "d10", "title": "Ten", "text": "words", "metadata": {}}

{"_id": 1, "title": "", "text": "no title"}
"""


def documents(path: Path) -> pd.DataFrame:
    """The documents that collect_files.py would write."""
    output = path.with_suffix(".parquet")
    write_documents(sorted_documents(read_corpus(path), str(path)), output)
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
    found = sorted_documents((Document(str(n), f"text {n}", n) for n in range(count)), "numbers")
    assert write_documents(found, tmp_path / "documents.parquet") == count
    frame = pd.read_parquet(tmp_path / "documents.parquet")
    assert list(frame["docid"]) == sorted(str(n) for n in range(count))
    assert (frame["text"] == "text " + frame["docid"]).all()


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
