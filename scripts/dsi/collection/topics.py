"""Topics and judgements as files: TSV, TREC or BEIR topics, TREC or BEIR qrels, plain or gzipped.

Every error names file and line.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.lines import FileFormatError, Line, read_lines

# TREC's own <top> and the <DOC> form of older collections such as CACM.
_TOPIC = re.compile(r"<(top|DOC)>(.*?)</\1>", re.DOTALL)
_NUMBER = re.compile(r"<num>\s*(?:Number:)?\s*([^\s<]+)|<DOCNO>\s*([^\s<]+)\s*</DOCNO>")
_TITLE = re.compile(r"<title>\s*(?:Topic:)?(.*?)(?=<|\Z)", re.DOTALL)
_BEIR_HEADER = ["query-id", "corpus-id", "score"]


class Topic(NamedTuple):
    """A query and its place: the line of a file, from 1."""

    place: int
    qid: str
    text: str


class Judgement(NamedTuple):
    """A judgement and its place: the line of a file, from 1."""

    place: int
    qid: str
    docid: str
    grade: int


def read_topics(path: Path) -> pd.DataFrame:
    """Queries of a file, in its order: qid, text with white space folded.

    Lines `qid<TAB>query`, TREC topics (their titles) or BEIR's JSON lines, told apart by the first
    character.

    Raises:
        FileFormatError: a line is not of that form, a qid is empty or repeated, a text is empty, bytes are
            not UTF-8, or there is no query at all.
    """
    lines = list(read_lines(path))
    first = next((line.text.lstrip() for line in lines if line.text.strip()), "")
    parse = {"<": _trec_topics, "{": _json_topics}.get(first[:1], _tsv_topics)
    return topics_frame(parse(path, lines), str(path))


def topics_frame(topics: Iterable[Topic], origin: str, unit: str = "line") -> pd.DataFrame:
    """Topics as a frame, checked: qid, text with white space folded.

    Args:
        origin: where they come from, for messages.
        unit: what a topic's place counts, for messages.

    Raises:
        FileFormatError: a qid is empty or repeated, a text is empty, or there is no topic.
    """
    seen: dict[str, int] = {}
    rows = []
    for place, qid, text in topics:
        words = " ".join(text.split())
        if not qid or not words:
            raise FileFormatError(
                f"{origin}, {unit} {place}: found a topic without id or text, expected both"
            )
        if qid in seen:
            raise FileFormatError(
                f"{origin}, {unit} {place}: found topic {qid!r} again, first on {unit} {seen[qid]}"
            )
        seen[qid] = place
        rows.append((qid, words))
    if not rows:
        raise FileFormatError(f"{origin}: found no topic, expected lines like `1<TAB>what is a graph`")
    return pd.DataFrame(rows, columns=["qid", "text"])


def read_qrels(path: Path) -> pd.DataFrame:
    """Judgements of a TREC qrels file, or of BEIR's three columns under their header, in the file's order.

    Returns:
        qid, docid, grade.

    Raises:
        FileFormatError: a line has not the right number of fields or a grade that is no whole number, a
            document is judged twice for a query, or there is no judgement at all.
    """
    return qrels_frame(_judgements(path), str(path))


def qrels_frame(judgements: Iterable[Judgement], origin: str, unit: str = "line") -> pd.DataFrame:
    """Judgements as a frame, checked: qid, docid, grade. Arguments are those of `topics_frame`.

    Raises:
        FileFormatError: a document is judged twice for a query, or there is no judgement.
    """
    seen: dict[tuple[str, str], int] = {}
    rows = []
    for place, qid, docid, grade in judgements:
        if (qid, docid) in seen:
            raise FileFormatError(
                f"{origin}, {unit} {place}: found {docid!r} judged again for topic {qid!r}, first on "
                f"{unit} {seen[qid, docid]}"
            )
        seen[qid, docid] = place
        rows.append((qid, docid, grade))
    if not rows:
        raise FileFormatError(f"{origin}: found no judgement, expected lines like `1 0 CACM-1410 1`")
    return pd.DataFrame(rows, columns=["qid", "docid", "grade"])


def _judgements(path: Path) -> Iterator[Judgement]:
    width = 4
    for line in read_lines(path):
        fields = line.text.split()
        if not fields:
            continue
        if line.number == 1 and fields == _BEIR_HEADER:
            width = 3
            continue
        if len(fields) != width or not re.fullmatch(r"-?\d+", fields[-1]):
            raise FileFormatError(
                f"{path}, line {line.number}: found `{line.text.strip()[:80]}`, expected "
                + (
                    "`qid docid grade`"
                    if width == 3
                    else "`qid 0 docid grade`, for example `1 0 CACM-1410 1`"
                )
            )
        yield Judgement(line.number, fields[0], fields[-2], int(fields[-1]))


def _tsv_topics(path: Path, lines: list[Line]) -> Iterator[Topic]:
    for line in lines:
        if not line.text.strip():
            continue
        qid, tab, text = line.text.partition("\t")
        if not tab:
            raise FileFormatError(
                f"{path}, line {line.number}: found no tab in `{line.text[:80]}`, expected "
                "`qid<TAB>query`, for example `1<TAB>what is a graph`"
            )
        yield Topic(line.number, qid.strip(), text)


def _trec_topics(path: Path, lines: list[Line]) -> Iterator[Topic]:
    whole = "\n".join(line.text for line in lines)
    for match in _TOPIC.finditer(whole):
        number = whole.count("\n", 0, match.start()) + 1
        qid = _NUMBER.search(match[2])
        if qid is None:
            raise FileFormatError(f"{path}, line {number}: found a topic without <num> or <DOCNO>")
        title = _TITLE.search(match[2])
        # The older form has no title: what follows the number is the query.
        text = title[1] if title else match[2][qid.end() :]
        yield Topic(number, qid[1] or qid[2], text)


def _json_topics(path: Path, lines: list[Line]) -> Iterator[Topic]:
    for line in lines:
        if not line.text.strip():
            continue
        try:
            record = json.loads(line.text)
            yield Topic(line.number, str(record["_id"]), str(record["text"]))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise FileFormatError(
                f"{path}, line {line.number}: found `{line.text[:80]}`, expected lines like "
                '`{"_id": "q1", "text": "what is a graph"}`'
            ) from error
