"""Topics and judgements: both forms read, every fault named with file and line."""

import gzip
import logging
from pathlib import Path

import pytest

from dsi.base.lines import FileFormatError
from dsi.collection.topics import read_qrels, read_topics
from tests.collection.conftest import write

TREC = """<top>
<num> Number: 301
<title> International
Organized Crime
<desc> Description: Identify organizations.
</top>

<top>
<num> 302 </num>
<title>Poliomyelitis</title>
</top>
"""
CACM = """<DOC>
<DOCNO> 1 </DOCNO>

 What articles exist which deal with TSS (Time Sharing System), an
operating system for IBM computers?

</DOC>
"""


def test_tab_separated_topics(tmp_path: Path) -> None:
    # U+0085 is a line break to str.splitlines and occurs inside real texts.
    topics = read_topics(write(tmp_path, "7\twhat  is\x85a graph\r\n\n8\tnodes\n", "topics.tsv"))
    assert topics.to_dict("list") == {"qid": ["7", "8"], "text": ["what is a graph", "nodes"]}


def test_gzipped_topics(tmp_path: Path) -> None:
    assert len(read_topics(write(tmp_path, gzip.compress(b"1\tgraph\n"), "topics.tsv.gz"))) == 1


def test_trec_topics_of_both_forms(tmp_path: Path) -> None:
    assert read_topics(write(tmp_path, TREC, "topics.tsv")).to_dict("list") == {
        "qid": ["301", "302"],
        "text": ["International Organized Crime", "Poliomyelitis"],
    }
    (text,) = read_topics(write(tmp_path, CACM, "topics.tsv"))["text"]
    assert text.startswith("What articles exist which deal with TSS (Time Sharing System), an operating")
    assert text.endswith("IBM computers?")


def test_topics_and_qrels_in_beirs_form(tmp_path: Path) -> None:
    topics = read_topics(
        write(tmp_path, '{"_id": "q1", "text": "what is  a graph", "metadata": {}}\n', "topics.tsv")
    )
    assert topics.to_dict("list") == {"qid": ["q1"], "text": ["what is a graph"]}
    qrels = read_qrels(write(tmp_path, "query-id\tcorpus-id\tscore\nq1\td2\t2\n", "qrels.tsv"))
    assert qrels.to_dict("list") == {"qid": ["q1"], "docid": ["d2"], "grade": [2]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1\tgraph\n2 nodes\n", r"topics\.tsv, line 2: found no tab in `2 nodes`, expected `qid<TAB>query`"),
        ("1\tgraph\n1\tnodes\n", r"line 2: found topic '1' again, first on line 1"),
        ("1\t  \n", r"line 1: found a topic without id or text"),
        ("\n\n", r"topics\.tsv: found no topic, expected lines like"),
        (b"1\tgraph\n2\tcaf\xe9\n", r"line 2: found byte 0xe9 at column 6, expected UTF-8"),
        ('{"_id": "1"}\n', r'line 1: found `\{"_id": "1"\}`, expected _id and text'),
        ('{"_id": "1", "text": null}\n', r"line 1: found .*, expected _id and text as text"),
        ('{"_id": "1", "text": ["a"]}\n', r"line 1: found .*, expected _id and text as text"),
        ('{"_id": null, "text": "a"}\n', r"line 1: found .*, expected _id and text as text"),
        ('{"_id": "1", "text": "cut \\ud83d"}\n', r"line 1: found the lone surrogate \\ud83d, half of a"),
        ("1\tgraph\n2\tNone\n", r"line 2: found topic '2' with the text `None`, which programs write"),
        ('{"_id": "1", "text": "null"}\n', r"line 1: found topic '1' with the text `null`"),
        ("a 1\tgraph\n", r"line 1: found the topic 'a 1', expected one without white space"),
        (gzip.compress(b"1\tgraph\n", mtime=0)[:-4], r"topics\.tsv: found a damaged gzip file after line \d"),
        ("<top>\n<title> x\n</top>\n", r"line 1: found a topic without <num> or <DOCNO>"),
    ],
)
def test_faulty_topics_are_named(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(FileFormatError, match=message):
        read_topics(write(tmp_path, content, "topics.tsv"))


def test_qrels_keep_grades_and_order(tmp_path: Path) -> None:
    qrels = read_qrels(write(tmp_path, "1 0 d2 2\n1 Q0 d1 0\n", "topics.tsv"))
    assert qrels.to_dict("list") == {"qid": ["1", "1"], "docid": ["d2", "d1"], "grade": [2, 0]}


def test_a_judgement_that_is_there_twice_counts_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    qrels = read_qrels(write(tmp_path, "1 0 d2 2\n1 0 d1 1\n1 0 d2 2\n1 0 d2 2\n", "qrels.txt"))
    assert qrels.to_dict("list") == {"qid": ["1", "1"], "docid": ["d2", "d1"], "grade": [2, 1]}
    assert "qrels.txt, line 3: left out 2 judgements that are there twice" in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1 0 d1\n", r"qrels\.txt, line 1: found `1 0 d1`, expected `qid 0 docid grade`"),
        ("1 0 d1 yes\n", r"line 1: found the grade 'yes', expected a whole number"),
        (
            "1 0 d1 1\n1 0 d1 2\n",
            r"line 2: found 'd1' judged again for topic '1', 2 and not 1, first on line 1",
        ),
        (
            "query-id\tcorpus-id\tscore\n1 0 d1 1\n",
            r"line 2: found `1 0 d1 1`, expected `qid docid grade`",
        ),
        ("1 0 d1 0.5\n", r"line 1: found the grade '0.5', expected a whole number, for example 1"),
        (f"1 0 d1 {2**31}\n", r"line 1: found the grade 2147483648, expected one up to 2147483647"),
        (f"1 0 d1 -{10**20}.0\n", r"line 1: found the grade -10+\.0, expected one up to"),
        ("", r"qrels\.txt: found no judgement"),
    ],
)
def test_faulty_qrels_are_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(FileFormatError, match=message):
        read_qrels(write(tmp_path, content, "qrels.txt"))


@pytest.mark.parametrize(
    "header", ["qid\tquery", "id\ttext", "query_id\ttitle\tdescription", "Topic ID\tQuestion"]
)
def test_headers_of_topics_are_left_out(
    tmp_path: Path, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    topics = read_topics(write(tmp_path, f"\n{header}\n1\tgraph\nid\ttext\n", "topics.tsv"))
    assert topics.to_numpy().tolist() == [["1", "graph"], ["id", "text"]]  # a later line is none
    assert "topics.tsv, line 2: left out the header" in caplog.text


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("query-id\tcorpus-id\tscore", "1\td1\t1.0"),
        ("qid\tdocid\trelevance", "1 d1 1"),
        ("query_id iter doc_id rel", "1 0 d1 1"),
        ("#topic Q0 docno grade", "1 Q0 d1 1.00"),
    ],
)
def test_headers_of_qrels_are_left_out_and_whole_floats_are_grades(
    tmp_path: Path, header: str, row: str
) -> None:
    qrels = read_qrels(write(tmp_path, f"{header}\n{row}\n", "qrels.tsv"))
    assert qrels.to_numpy().tolist() == [["1", "d1", 1]]
