"""Answers as text and as JSON."""

import json

import pytest

from dsi.ranking.hits import as_json, as_text, table
from dsi.ranking.search import Answer, Hit

TEXTS = {"d1": "An edge\n  joins two nodes.", "d2": "A matrix."}
MODEL = [Hit(1, -0.25, "d2"), Hit(2, -1.5, "d1")]
BM25 = [Hit(1, 7.0, "d1")]


def test_a_table_by_hand() -> None:
    lines = as_text(Answer("edge", 2, {"model": MODEL}), TEXTS).split("\n")
    assert lines == [
        "query: edge",
        "rank    score  docid  text",
        "   1  -0.2500  d2     A matrix.",
        "   2  -1.5000  d1     An edge joins two nodes.",
        "",
    ]


def test_each_of_several_lists_has_the_ranks_in_the_others() -> None:
    text = as_text(Answer("edge", 1, {"model": MODEL, "BM25": BM25}), TEXTS)
    assert text.split("\n") == [
        "query: edge",
        "",
        "model",
        "rank    score  docid  BM25  text",
        "   1  -0.2500  d2        -  A matrix.",
        "",
        "BM25",
        "rank   score  docid  model  text",
        "   1  7.0000  d1         2  An edge joins two nodes.",
        "",
    ]


def test_invented_ids_and_empty_lists() -> None:
    rows = table([Hit(1, None, "d9", exists=False)], {}, TEXTS)
    assert rows[1].split(maxsplit=3) == ["1", "-", "d9", "(no such document)"]
    assert table([], {}, TEXTS) == ["  found nothing"]


def test_long_texts_are_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = table([Hit(1, -0.5, "d1")], {}, {"d1": "word " * 40})
    assert len(lines[1]) == 60
    assert lines[1].endswith("…")


def test_json_has_whole_texts_and_no_more_than_is_asked_for() -> None:
    lists = {"model": [*MODEL, Hit(3, None, "d9", exists=False)], "BM25": BM25}
    found = json.loads(as_json(Answer("Gräph", 3, lists), TEXTS))
    assert found["query"] == "Gräph"
    assert found["bm25"] == [{"rank": 1, "score": 7.0, "docid": "d1", "exists": True, "text": TEXTS["d1"]}]
    assert found["model"][2] == {"rank": 3, "score": None, "docid": "d9", "exists": False, "text": None}
    assert len(json.loads(as_json(Answer("Gräph", 1, lists), TEXTS))["model"]) == 1
    assert "Gräph" in as_json(Answer("Gräph", 1, lists), TEXTS)
