"""TREC topics: every form that is met gives the same query; what cannot be read is refused with its line."""

import logging
from pathlib import Path

import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.topics import read_topics
from tests.collection.conftest import write

ONE = "<top>\n<num> Number: 301\n<title> Smith & Co\n\n<desc> Description:\nFind it.\n</top>\n"


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        ONE.replace("</top>\n", ""),
        ONE.replace("\n", "\r\n"),
        ONE.replace("&", "&amp;"),
        ONE.replace("<top>", '<top lang="en">').replace("<title>", '<title lang="en">'),
        ONE.upper().replace("SMITH & CO", "Smith & Co"),
        "<TOP>\n<NUM>301</NUM>\n<TITLE>Smith & Co</TITLE>\n</TOP>\n",
        "<top><num>301</num><title>Smith & Co</title><desc>x</desc></top>",
        "<top>\n<num>Number:301\n<title>Topic: Smith\n& Co\n</top>",
        "<top>\n<head> Tipster Topic Description\n<num> Number:  301\n<dom> Domain: x\n"
        "<title> Topic:  Smith & Co\n</top>",
        "<top>\n<num> 301 </num>\n<EN-title> Smith & Co </EN-title>\n<EN-desc> x </EN-desc>\n</top>",
        "<?xml version='1.0'?>\n<!-- <top> none -->\n<topics>\n"
        "<topic number='301'>\n<query>Smith <b>&amp;</b> Co</query>\n"
        "<subtopic number='1'>x</subtopic></topic>\n</topics>",
        "<DOC>\n<DOCNO> 301 </DOCNO>\n\nSmith\n& Co\n</DOC>",
    ],
)
def test_forms_of_a_topic(tmp_path: Path, text: str) -> None:
    found = read_topics(write(tmp_path, text, "topics.txt"))
    assert found.to_numpy().tolist() == [["301", "Smith & Co"]]


def test_a_topic_ends_where_the_next_begins(tmp_path: Path) -> None:
    text = (
        ONE.replace("</top>", "")
        + ONE.replace("301", "051")
        + ONE.replace("301", "303").replace("</top>", "")
    )
    assert list(read_topics(write(tmp_path, text, "topics.txt"))["qid"]) == ["301", "051", "303"]


def test_a_topic_without_title_has_its_description_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    text = "<top>\n<num> Number: 1\n<desc> Description:\nTell about\ncrime\n<narr> Narrative:\nNo.\n</top>\n"
    assert read_topics(write(tmp_path, text, "topics.txt")).to_numpy().tolist() == [["1", "Tell about crime"]]
    assert "topics.txt: TREC topics, the texts of 1 from <desc>" in caplog.text
    assert len(read_topics(write(tmp_path, text + ONE, "topics.txt"))) == 2
    assert ("WARNING", "1 from <desc>, 1 from <title>") in [
        (record.levelname, record.getMessage().partition("texts of ")[2]) for record in caplog.records
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n<top>\n<title> x\n</top>\n", r"line 2: found a topic without <num> or <DOCNO>"),
        (ONE + "\n<num> 302\n<title> b\n</top>\n", r"line 9: found `302` outside of a topic"),
        (
            "<top>\n<num> 1\n<title> a\n<num> 2\n<title> b\n",
            r"line 4: found <num> again in one topic, first on line 2",
        ),
        (
            "<top>\n<num> 1\n<title>\n<narr> n\n</top>\n",
            r"line 1: found topic '1' without text in <title> or <desc>",
        ),
        ("<top>\n<num> 1 </num>\nstray\n<title> a\n", r"line 3: found `stray` outside of the field <num>"),
        ("<top>\nstray\n<num> 1\n<title> a\n", r"line 2: found `stray` outside of a field"),
        (
            "<top>\n<num> Number: 3 01\n<title> a\n</top>",
            r"line 1: found the topic '3 01', expected one without white",
        ),
        ("<top>", r"line 1: found a topic without <num> or <DOCNO>"),
        ("<top>\n\n</top>\n", r"line 1: found a topic without <num> or <DOCNO>"),
        ("<xml>\n<num> 1\n", r"line 1: found no <top>, <topic> or <DOC>"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FileFormatError, match=rf"topics\.txt, {message}"):
        read_topics(write(tmp_path, text, "topics.txt"))
