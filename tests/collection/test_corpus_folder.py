"""Which files of a folder are its documents, and what text files are called."""

import logging
from pathlib import Path

import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.corpus_folder import corpus_files, is_text_file, text_docid
from tests.collection.conftest import write


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def test_text_files_are_read_where_nothing_else_is_a_corpus(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "guide/v1.2").mkdir(parents=True)
    for folder, name in (("", "b.MD"), ("guide/v1.2", "a.txt.gz"), ("", "picture.png"), ("", ".hidden.txt")):
        write(tmp_path / folder, "x", name)
    files = corpus_files(tmp_path)
    assert names(files) == ["b.MD", "a.txt.gz"]
    assert all(map(is_text_file, files))
    assert [text_docid(file, tmp_path) for file in files] == ["b", "guide/v1.2/a"]
    assert "left out picture.png" in caplog.text
    write(tmp_path, "d1\ttext\n", "corpus.tsv")
    assert names(corpus_files(tmp_path)) == ["corpus.tsv"]
    write(tmp_path, "{}", "docs.json")
    assert names(corpus_files(tmp_path)) == ["docs.json"]


def test_tables_are_read_where_columns_are_named(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv.gz", "c.tsv", "d.parquet", "e.jsonl"):
        write(tmp_path, "x", name)
    assert names(corpus_files(tmp_path, tables=True)) == ["a.csv.gz", "b.csv"]
    with pytest.raises(FileFormatError, match=r"found a folder without tables \(nothing in it\)"):
        (tmp_path / "empty").mkdir()
        corpus_files(tmp_path / "empty", tables=True)
