"""Known items: what of a document is its query, and which documents answer it."""

from pathlib import Path

import pandas as pd
import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.columns import TextColumns
from dsi.collection.files import Document
from dsi.collection.item_queries import (
    FIRST_SENTENCE,
    HEADING,
    Item,
    Parted,
    column_items,
    item_queries,
    parted,
    parted_documents,
)
from dsi.collection.origin import Origin
from tests.collection.conftest import write

ORIGIN = Origin("corpus")


@pytest.mark.parametrize(
    ("text", "query", "rest"),
    [
        ("Lists the files. More follows.", "Lists the files.", "More follows."),
        ("# Lists all files\nThe first of\nall! Then.", "The first of all!", "# Lists all files\nThen."),
        ("NAME\n\nlists all files\n\nThen.", "lists all files", "NAME\n\nThen."),
        ("See p. 3. It says what to do. End.", "It says what to do.", "See p. 3. End."),
        ("Version 1.2 of the tool is out. End.", "Version 1.2 of the tool is out.", "End."),
        (
            "```\nsome code is here.\n```\nA text of words. End.",
            "A text of words.",
            "```\nsome code is here.\n```\nEnd.",
        ),
        ("找出两个节点之间的最短路径。然后结束。", "找出两个节点之间的最短路径。", "然后结束。"),
        ("Too short.", "", "Too short."),
        ("", "", ""),
    ],
)
def test_the_first_sentence_has_three_words_and_is_no_heading(text: str, query: str, rest: str) -> None:
    assert parted(text, FIRST_SENTENCE) == Parted(query, rest)


@pytest.mark.parametrize(
    ("text", "query", "rest"),
    [
        ("# Copy files #\n\nText.\n\n# More\n", "Copy files", "Text.\n\n# More"),
        ("Words before.\n\n## Copy  files\nText.", "Copy files", "Words before.\n\nText."),
        ("Copy files\n==========\nText.", "Copy files", "Text."),
        ("```\n# a comment\n```\n# Copy files\nText.", "Copy files", "```\n# a comment\n```\nText."),
        ("---\ntitle: x\n---\n# Copy files\nText.", "Copy files", "---\ntitle: x\n---\nText."),
        ("\n  copy files\nText #1.", "copy files", "Text #1."),
        ("#hashtag first\nText.", "#hashtag first", "Text."),
        (" \n", "", " \n"),
    ],
)
def test_the_heading_is_markdowns_or_the_first_line(text: str, query: str, rest: str) -> None:
    assert parted(text, HEADING) == Parted(query, rest)


def test_documents_without_a_query_are_refused() -> None:
    documents = [Document("a", "# Copy files\nText.", 3), Document("b", "\n", 8)]
    items = parted_documents(documents, HEADING, ORIGIN)
    assert next(items) == Item("a", "Copy files", "Text.", 3)
    with pytest.raises(
        FileFormatError, match=r"^corpus, line 8: found the heading '', which is no query, expected"
    ):
        next(items)
    with pytest.raises(FileFormatError, match=r"line 1: found the first sentence ''"):
        list(parted_documents([Document("a", "Too short.", 1)], FIRST_SENTENCE, ORIGIN))


def test_a_column_is_the_query_and_no_text(tmp_path: Path) -> None:
    path = write(tmp_path, 'page,summary,body\np1,"copy\n files",text\np2,-,text\n', "a.csv")
    items = column_items(path, TextColumns("page", ("summary", "body")), "summary", 100, ORIGIN)
    assert next(items) == Item("p1", "copy files", "text", 102)
    with pytest.raises(
        FileFormatError, match=r"corpus, line 104, column 'summary': found the text '-', which is no"
    ):
        next(items)
    with pytest.raises(FileFormatError, match="'summary' for the query and no other for the text"):
        list(column_items(path, TextColumns("page", ("summary",)), "summary", 0, ORIGIN))


def test_equal_queries_are_one_and_equal_texts_answer_alike() -> None:
    rows = [("d4", "copy", "one"), ("d1", "list", "two"), ("d3", "copy", "three"), ("d2", "move", "two ")]
    rows += [("d5", "print", ""), ("d6", "sort", "")]
    found = item_queries(Item(*row, place) for place, row in enumerate(rows))
    assert found.queries.to_numpy().tolist() == [
        ["q00001", "list"],
        ["q00002", "move"],
        ["q00003", "copy"],
        ["q00004", "print"],
        ["q00005", "sort"],
    ]
    assert found.qrels.groupby("qid")["docid"].agg(list).to_dict() == {
        "q00001": ["d1", "d2"],
        "q00002": ["d1", "d2"],
        "q00003": ["d3", "d4"],
        "q00004": ["d5"],  # no text is no equal text
        "q00005": ["d6"],
    }
    assert set(found.qrels["grade"]) == {1}
    assert found.qrels.equals(item_queries(Item(*row, 0) for row in reversed(rows)).qrels)
    assert isinstance(found.queries, pd.DataFrame)
