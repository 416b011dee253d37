"""Tables and folders of a collection of one's own: their headers are looked at before any job."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from plan.config.checked import ConfigurationError, checked_study
from tests.plan.config.conftest import DEFAULT, merged

SPLIT = {"method": "permutation", "train": 0.5, "validation": 0.1, "test": 0.4, "seed": 42}
COLUMNS = {"id": "page", "text": ["summary", "description"]}
PAGES = "page,summary,description\np1,list files,text\n"
TOPICS = {"path": "t.tsv"}
JUDGED = {"topics": TOPICS, "qrels": {"path": "q.txt"}, "split": SPLIT}
KNOWN = {"queries_from": "summary", "split": SPLIT}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"pages.csv": PAGES, "t.tsv": "1\tlist files\n", "q.txt": "1 0 p1 1\n"}.items():
        Path(name).write_text(text, encoding="utf-8")
    pd.DataFrame({"page": ["p1"], "summary": ["s"], "description": ["t"]}).to_parquet("pages.parquet")


def overlay(corpus: dict[str, Any], **keys: Any) -> dict[str, Any]:
    mine = {"kind": "files", "corpus": corpus, "relevance": 1, **keys}
    return merged(DEFAULT, {"collection": "mine", "collections": {"mine": mine}, "run": ["dsi"]})


def problems(corpus: dict[str, Any], **keys: Any) -> str:
    with pytest.raises(ConfigurationError) as error:
        checked_study(overlay(corpus, **keys))
    return str(error.value)


@pytest.mark.parametrize(
    ("corpus", "keys"),
    [
        ({"path": "pages.csv", "columns": COLUMNS}, KNOWN),
        ({"path": "pages.csv", "columns": {"id": "page", "text": "description"}}, KNOWN),
        ({"path": "pages.parquet", "columns": COLUMNS}, KNOWN),
        ({"path": "pages.csv", "columns": COLUMNS}, JUDGED),
        ({"path": "pages.csv", "columns": COLUMNS}, {**KNOWN, "queries_from": "first_sentence"}),
        ({"path": "t.tsv"}, {**KNOWN, "queries_from": "heading"}),
        ({"url": "https://example.org/a.csv", "sha256": "0" * 64, "columns": COLUMNS}, KNOWN),
    ],
)
def test_tables_are_accepted(corpus: dict[str, Any], keys: dict[str, Any]) -> None:
    checked_study(overlay(corpus, **keys))


def test_one_column_may_stand_without_a_list() -> None:
    study = checked_study(
        overlay({"path": "pages.csv", "columns": {"id": "page", "text": "summary"}}, **JUDGED)
    )
    written = study.selected_collection.as_dict()["corpus"]["columns"]
    assert written == {"id": "page", "text": ["summary"]}


@pytest.mark.parametrize(
    ("corpus", "keys", "message"),
    [
        (
            {"path": "pages.csv", "columns": {"id": "page", "text": ["sumary"]}},
            JUDGED,
            "mine.corpus.columns.text: found 'sumary', which is nowhere in the header of 'pages.csv'; "
            "expected one of page, summary, description, for example text: summary",
        ),
        (
            {"path": "pages.parquet", "columns": {"id": "id", "text": ["summary"]}},
            JUDGED,
            "corpus.columns.id: found 'id', which is nowhere in the header of 'pages.parquet'; expected",
        ),
        (
            {"path": "absent.csv", "columns": COLUMNS},
            JUDGED,
            "collections.mine.corpus.path: found 'absent.csv', which does not exist",
        ),
        (
            {"path": "q.txt", "columns": COLUMNS},
            JUDGED,
            "corpus.columns: found columns of 'q.txt', which is no table by its name; expected one that "
            "ends in .csv, .tsv (both also .gz) or .parquet, or no columns, for example",
        ),
        (
            {"url": "https://example.org/a.jsonl", "sha256": "0" * 64, "columns": COLUMNS},
            JUDGED,
            "corpus.columns: found columns of 'a.jsonl', which is no table",
        ),
        (
            {"path": "pages.csv"},
            JUDGED,
            "corpus.path: found 'pages.csv', which begins with `page,summary,description`; expected",
        ),
        (
            {"path": "pages.csv"},
            JUDGED,
            "; or beside path the key columns of this table, which has page, summary, description: columns",
        ),
        (
            {"path": "pages.csv", "columns": {"id": "<b>", "text": ["summary"]}},
            JUDGED,
            "corpus.columns.id: found '<b>', in which Snakemake would fill in <b>",
        ),
        (
            {"path": "pages.csv", "columns": {"id": "page", "text": []}},
            JUDGED,
            "corpus.columns.text: found [], expected at least one entry, for example text: [summary",
        ),
        (
            {"path": "pages.csv", "columns": {"id": "page", "text": [1]}},
            JUDGED,
            "corpus.columns.text: found 1, expected text, for example text: [summary, description]",
        ),
        (
            {"path": "pages.csv", "columns": COLUMNS},
            {**JUDGED, "topics": {"pyserini": "x", "columns": {"id": "a", "text": "b"}}},
            "topics.columns: found columns without a path or url, expected a table that has them",
        ),
        (
            {"path": "pages.csv", "columns": COLUMNS},
            {**JUDGED, "qrels": {"path": "pages.csv", "columns": {"query": "page", "document": "doc"}}},
            "mine.qrels.columns.document: found 'doc', which is nowhere in the header of 'pages.csv'",
        ),
        (
            {"path": "pages.csv", "columns": COLUMNS},
            {**KNOWN, "queries_from": "title"},
            "collections.mine.queries_from: found 'title', expected a column of 'pages.csv' (page, summary, "
            "description), first_sentence or heading, for example first_sentence",
        ),
        (
            {"path": "pages.csv", "columns": {"id": "page", "text": "summary"}},
            KNOWN,
            "collections.mine.queries_from: found 'summary', the only column of text, which leaves none",
        ),
        (
            {"path": "t.tsv"},
            KNOWN,
            "mine.queries_from: found 'summary', expected first_sentence or heading, or a column of a corpus",
        ),
        (
            {"path": "pages.csv", "columns": COLUMNS},
            {**KNOWN, "topics": TOPICS, "scope": {"sample": 1, "seed": 1}},
            "collections.mine: found queries_from with topics, scope, expected split beside it and none of",
        ),
        (
            {"path": "pages.csv", "columns": COLUMNS},
            {"queries_from": "summary"},
            "collections.mine: found queries_from with no split, expected split beside it",
        ),
        (
            {"path": "pages.csv", "columns": COLUMNS},
            {**KNOWN, "relevance": 2},
            "collections.mine.relevance: found 2, expected 1 with queries_from",
        ),
        (
            {"path": "pages.csv", "columns": COLUMNS, "repeated": "first"},
            KNOWN,
            "collections.mine.corpus.repeated: found first, expected none with queries_from",
        ),
        (
            {"path": "pages.csv", "columns": COLUMNS},
            {},
            "qrels: {path: qrels.txt}}}; a corpus alone has queries_from and split",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_what_is_there(
    corpus: dict[str, Any], keys: dict[str, Any], message: str
) -> None:
    assert message in problems(corpus, **keys)


def test_a_column_twice_and_a_file_that_is_no_parquet_are_refused() -> None:
    Path("pages.csv").write_text("page,summary,summary\n")
    found = problems({"path": "pages.csv", "columns": {"id": "page", "text": ["summary"]}}, **JUDGED)
    assert "columns.text: found 'summary', which is twice or more in the header" in found
    Path("pages.parquet").write_text(PAGES)
    found = problems({"path": "pages.parquet", "columns": COLUMNS}, **JUDGED)
    assert "corpus.path: pages.parquet: found a file that is no Parquet" in found


def test_other_separators_are_named() -> None:
    Path("pages.csv").write_text("page;summary\nls;list files\n")
    found = problems({"path": "pages.csv", "columns": {"id": "page", "text": ["summary"]}}, **JUDGED)
    assert (
        "expected one of page;summary, for example id: page;summary; columns of a .csv are separated by"
        in found
    )


def test_all_that_is_wrong_is_said_at_once() -> None:
    corpus = {"path": "pages.csv", "columns": {"id": "id", "text": ["summary", "body"]}}
    found = problems(corpus, **{**JUDGED, "topics": {"path": "absent.csv"}})
    assert [part in found for part in ("columns.id: found 'id'", "found 'body'", "found 'absent.csv'")] == [
        True
    ] * 3


def folder(*names: str) -> dict[str, Any]:
    for name in names:
        Path("notes", name).parent.mkdir(parents=True, exist_ok=True)
        Path("notes", name).write_text("# A heading\n\nText.\n")
    return {"path": "notes"}


def test_a_folder_of_text_files_is_accepted() -> None:
    checked_study(overlay(folder("a.md", "deep/a.md", "b.txt"), **{**KNOWN, "queries_from": "heading"}))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ("my notes.md", "a.md"),
            "corpus.path: found 1 names with white space, as 'my notes.md'; expected names",
        ),
        (
            ("a.md", "a.txt"),
            "corpus.path: found 'a.md' and 'a.txt', two files of the docid 'a'; expected every",
        ),
        (
            ("a.png",),
            "corpus.path: notes: found a folder without documents (a.png in it), expected files like",
        ),
        (("a.md", "package.json"), "begins with `# A heading`; expected lines like"),
        (
            ("a.md", "package.json"),
            "; text files (.txt, .md) are read of a folder without .json, .jsonl and .tsv",
        ),
    ],
)
def test_names_in_a_folder_are_looked_at(names: tuple[str, ...], message: str) -> None:
    assert message in problems(folder(*names), **{**KNOWN, "queries_from": "heading"})


def test_columns_of_a_folder_are_those_of_its_tables() -> None:
    Path("tables").mkdir()
    Path("tables/a.csv").write_text(PAGES)
    checked_study(overlay({"path": "tables", "columns": COLUMNS}, **KNOWN))
    Path("tables/b.csv").write_text("page,summary\n")
    found = problems({"path": "tables", "columns": COLUMNS}, **KNOWN)
    assert "columns.text: found 'description', which is nowhere in the header of 'tables/b.csv'" in found
    folder("a.md")
    assert "found a folder without tables (a.md in it)" in problems(
        {"path": "notes", "columns": COLUMNS}, **JUDGED
    )
