"""Documents, topics and judgements of tables."""

from pathlib import Path

import pandas as pd
import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.columns import (
    JudgementColumns,
    TextColumns,
    columns_of,
    table_documents,
    table_judgements,
    table_topics,
)
from dsi.collection.files import Document
from dsi.collection.topics import Judgement, Topic
from tests.collection.conftest import write

TEXT = TextColumns("page", ("summary", "description"))


def test_columns_are_told_apart_by_their_keys() -> None:
    assert columns_of({"id": "page", "text": ["summary", "description"]}) == TEXT
    assert columns_of({"query": "q", "document": "d"}) == JudgementColumns("q", "d", None)
    assert columns_of({"query": "q", "document": "d", "grade": "g"}) == JudgementColumns("q", "d", "g")


def test_several_texts_are_joined_by_newlines_and_empty_ones_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "description\tpage\tsummary\nlong\tp1\tshort\n\tp2\ts\n\tp3\t\n", "a.tsv")
    assert list(table_documents(path, TEXT)) == [
        Document("p1", "short\nlong", 2),
        Document("p2", "s", 3),
        Document("p3", "", 4),
    ]
    assert list(table_topics(path, TEXT))[:1] == [Topic(2, "p1", "short\nlong")]


def test_a_text_may_be_empty_but_not_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = {"page": ["p1", "p2"], "summary": [None, None], "description": ["long", None]}
    pd.DataFrame(texts).to_parquet(path)
    documents = table_documents(path, TEXT)
    assert next(documents) == Document("p1", "long", 1)
    with pytest.raises(
        FileFormatError, match=r"a.parquet, row 2, column 'summary': found null, expected a text"
    ):
        next(documents)


def test_judgements_without_grades_are_all_1(tmp_path: Path) -> None:
    path = write(tmp_path, "document,query,grade\nd1,q1,2\nd2,q1,0\n", "a.csv")
    graded = JudgementColumns("query", "document", "grade")
    assert list(table_judgements(path, graded)) == [
        Judgement(2, "q1", "d1", "2"),
        Judgement(3, "q1", "d2", "0"),
    ]
    assert [judgement.grade for judgement in table_judgements(path, graded._replace(grade=None))] == [1, 1]
