"""Sources of a collection of one's own: tables, folders, and queries that are parts of documents."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.sources import CollectionSource, documents_of, items_of, qrels_of, topics_of
from tests.collection.conftest import write

PAGES = "page,summary,description\nls,list files,Lists what is there.\ncp,copy files,Makes a copy.\n"
COLUMNS = {"id": "page", "text": ["summary", "description"]}
SPLIT = {"method": "permutation", "train": 0, "validation": 0, "test": 1, "seed": 42}

Command = Callable[..., subprocess.CompletedProcess[str]]


def source(path: Path, **keys: Any) -> CollectionSource:
    return CollectionSource.of({"path": str(path), **keys})


def collected(command: Command, folder: Path, corpus: dict[str, Any]) -> list[list[list[str]]]:
    """What the two commands write: rows of documents, queries and judgements."""
    documents = folder / "documents.parquet"
    ended = command("collect_files", "--corpus", json.dumps(corpus), "--cache", folder, "--output", documents)
    assert ended.returncode == 0, ended.stderr
    queries = json.dumps({"corpus": corpus, "split": SPLIT, "relevance": 1})
    paths = ["--documents", documents, "--cache", folder, "--output", folder]
    ended = command("collect_topics", "--queries", queries, *paths)
    assert ended.returncode == 0, ended.stderr
    names = ("documents", "queries", "qrels")
    return [pd.read_parquet(folder / f"{name}.parquet").astype(str).to_numpy().tolist() for name in names]


def test_a_table_of_texts_alone_is_a_collection(tmp_path: Path, command: Command) -> None:
    pages = write(tmp_path, PAGES, "pages.csv")
    corpus = {"path": str(pages), "columns": COLUMNS, "queries_from": "summary"}
    assert collected(command, tmp_path, corpus) == [
        [["cp", "Makes a copy."], ["ls", "Lists what is there."]],
        [["q00001", "copy files", "test"], ["q00002", "list files", "test"]],
        [["q00001", "cp", "1"], ["q00002", "ls", "1"]],
    ]


def test_a_folder_of_markdown_is_a_collection(tmp_path: Path, command: Command) -> None:
    pages = tmp_path / "pages"
    (pages / "files").mkdir(parents=True)
    write(pages / "files", "# list files\n\nLists what is there.\n", "ls.md")
    write(pages, "# copy files\n\nMakes a copy.\n", "cp.md")
    corpus = {"path": str(pages), "queries_from": "heading"}
    assert collected(command, tmp_path, corpus) == [
        [["cp", "Makes a copy."], ["files/ls", "Lists what is there."]],
        [["q00001", "copy files", "test"], ["q00002", "list files", "test"]],
        [["q00001", "cp", "1"], ["q00002", "files/ls", "1"]],
    ]


def test_tables_of_all_kinds_give_the_same(tmp_path: Path) -> None:
    csv = write(tmp_path, PAGES, "pages.csv")
    tsv = write(tmp_path, PAGES.replace(",", "\t"), "pages.tsv")
    parquet = tmp_path / "pages.parquet"
    pd.read_csv(csv).to_parquet(parquet)
    read = [list(documents_of(source(path, columns=COLUMNS), tmp_path).documents) for path in (csv, tsv)]
    rows = list(documents_of(source(parquet, columns=COLUMNS), tmp_path).documents)
    assert read[0] == read[1] == [row._replace(place=row.place + 1) for row in rows]
    assert read[0][1] == ("cp", "copy files\nMakes a copy.", 3)


def test_a_folder_of_tables_names_the_file_of_a_fault(tmp_path: Path) -> None:
    write(tmp_path, PAGES, "1.csv")
    write(tmp_path, "summary,page,description\n ,mv,Moves.\n", "2.csv")
    found = source(tmp_path, columns=COLUMNS, queries_from="summary")
    items = items_of(found, tmp_path)
    assert [next(items).docid, next(items).docid] == ["ls", "cp"]
    with pytest.raises(FileFormatError, match=r"2.csv, line 2, column 'summary': found the text ''"):
        next(items)


def test_topics_and_judgements_of_tables(tmp_path: Path) -> None:
    topics = write(tmp_path, "text;x,qid\nwhat is  a graph,q1\n", "topics.csv")
    frame = topics_of(source(topics, columns={"id": "qid", "text": ["text;x"]}), tmp_path)
    assert frame.to_dict("list") == {"qid": ["q1"], "text": ["what is a graph"]}
    qrels = write(tmp_path, "document\tquery\tgrade\nd1\tq1\t2.0\n", "qrels.tsv")
    columns = {"query": "query", "document": "document", "grade": "grade"}
    frame = qrels_of(source(qrels, columns=columns), tmp_path)
    assert frame.to_dict("list") == {"qid": ["q1"], "docid": ["d1"], "grade": [2]}
    write(tmp_path, "document\tquery\tgrade\nd1\tq1\tgood\n", "qrels.tsv")
    with pytest.raises(
        FileFormatError, match=r"qrels.tsv, line 2: found the grade 'good', expected a whole number"
    ):
        qrels_of(source(qrels, columns=columns), tmp_path)


def test_a_part_of_any_text_may_be_the_query(tmp_path: Path) -> None:
    path = write(tmp_path, '{"id": "d1", "contents": "Copies all files. More."}\n', "corpus.jsonl")
    (item,) = items_of(source(path, queries_from="first_sentence"), tmp_path)
    assert item == ("d1", "Copies all files.", "More.", 1)
    with pytest.raises(
        FileFormatError, match="queries_from 'summary', expected first_sentence, heading, for example"
    ):
        items_of(source(path, queries_from="summary"), tmp_path)


def test_a_column_comes_before_a_part_of_the_text(tmp_path: Path) -> None:
    path = write(tmp_path, "id,heading,text\nd1,copy files,# no query\n", "corpus.csv")
    (item,) = items_of(source(path, columns={"id": "id", "text": ["text"]}, queries_from="heading"), tmp_path)
    assert item == ("d1", "copy files", "# no query", 2)
