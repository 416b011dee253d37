"""Topics and judgements as files: TSV, TREC or BEIR topics, TREC or BEIR qrels, plain or gzipped.

Every error names file and line.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.lines import FileFormatError, Line, check_characters, json_record, read_lines
from dsi.collection.headers import is_qrels_header, is_topics_header, without_header
from dsi.collection.origin import MISSING, Origin, check_id
from dsi.collection.trec_topics import log_forms, trec_topics

_JSON_EXPECTED = '`{"_id": "q1", "text": "what is a graph"}`'
_GRADE = re.compile(r"-?\d+(?:\.0*)?")
MAX_GRADE = 2**31 - 1  # a C long in trec_eval, 64 bits in Parquet; no track has more than one digit

logger = logging.getLogger(__name__)


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
    grade: int | float | str  # as it stands there; checked when it is read into a frame


def read_topics(path: Path) -> pd.DataFrame:
    """Queries of a file, in its order: qid, text with white space folded.

    Lines `qid<TAB>query`, TREC topics or BEIR's JSON lines, told apart by the first character. A header line
    is left out.

    Raises:
        FileFormatError: a line is not of that form, a qid is empty, repeated or has white space, a text is
            empty or missing, bytes are not UTF-8, or there is no query at all.
    """
    lines = list(read_lines(path))
    first = next((line.text.lstrip() for line in lines if line.text.strip()), "")
    parse = {"<": _trec_topics, "{": _json_topics}.get(first[:1], _tsv_topics)
    return topics_frame(parse(path, lines), Origin(str(path)))


def topics_frame(topics: Iterable[Topic], origin: Origin) -> pd.DataFrame:
    """Topics as a frame, checked: qid, text with white space folded.

    Raises:
        FileFormatError: a qid is empty, repeated or has white space, a text is empty or missing, a character
            is half of one, or there is no topic.
    """
    seen: dict[str, int] = {}
    rows = []
    for place, qid, text in topics:
        words = " ".join(text.split())
        where = origin.at(place)
        if not qid or not words:
            raise FileFormatError(f"{where}: found a topic without id or text, expected both")
        check_id("topic", qid, where)
        check_characters(qid + words, where)
        if words in MISSING:
            raise FileFormatError(
                f"{where}: found topic {qid!r} with the text `{words}`, which programs write for a missing "
                "one; expected a query, or no line for this topic"
            )
        if qid in seen:
            raise FileFormatError(f"{where}: found topic {qid!r} again, first {origin.first(seen[qid])}")
        seen[qid] = place
        rows.append((qid, words))
    if not rows:
        raise FileFormatError(f"{origin.name}: found no topic, expected lines like `1<TAB>what is a graph`")
    return pd.DataFrame(rows, columns=["qid", "text"])


def read_qrels(path: Path) -> pd.DataFrame:
    """Judgements of a TREC qrels file, or of three columns under their header as BEIR's, in the file's order.

    Returns:
        qid, docid, grade.

    Raises:
        FileFormatError: a line has not the right number of fields or a grade that is no whole number (1.0 is
            one), a document has two grades for a query, or there is no judgement at all.
    """
    return qrels_frame(_judgements(path), Origin(str(path)))


def qrels_frame(judgements: Iterable[Judgement], origin: Origin) -> pd.DataFrame:
    """Judgements as a frame, checked: qid, docid, grade. One that is there again, grade and all, counts once.

    Raises:
        FileFormatError: an id has white space, a grade is no whole number or too large, a document has two
            grades for a query, or there is no judgement.
    """
    seen: dict[tuple[str, str], tuple[int, int]] = {}  # place and grade
    again: list[int] = []
    rows = []
    for place, qid, docid, grade in judgements:
        where = origin.at(place)
        check_id("topic", qid, where)
        check_id("docid", docid, where)
        check_characters(qid + docid, where)
        whole = _whole_grade(str(grade), where)
        first, given = seen.setdefault((qid, docid), (place, whole))
        if given != whole:
            raise FileFormatError(
                f"{where}: found {docid!r} judged again for topic {qid!r}, {whole} and not {given}, first "
                f"{origin.first(first)}; expected one grade"
            )
        if first != place:
            again.append(place)
        else:
            rows.append((qid, docid, whole))
    if not rows:
        raise FileFormatError(f"{origin.name}: found no judgement, expected lines like `1 0 CACM-1410 1`")
    if again:
        logger.warning("%s: left out %d judgements that are there twice", origin.at(again[0]), len(again))
    return pd.DataFrame(rows, columns=["qid", "docid", "grade"])


def _whole_grade(grade: str, where: str) -> int:
    if not _GRADE.fullmatch(grade):
        raise FileFormatError(
            f"{where}: found the grade {grade!r}, expected a whole number, for example 1 (or 1.0)"
        )
    whole = int(grade.partition(".")[0])
    if abs(whole) > MAX_GRADE:
        raise FileFormatError(
            f"{where}: found the grade {grade}, expected one up to {MAX_GRADE}, for example 1"
        )
    return whole


def _judgements(path: Path) -> Iterator[Judgement]:
    width, form = 4, "`qid 0 docid grade`, for example `1 0 CACM-1410 1`"
    for number, line in enumerate(_with_text(read_lines(path))):
        fields = line.text.split()
        if number == 0 and is_qrels_header(fields):
            logger.info("%s, line %d: left out the header `%s`", path, line.number, line.text.strip())
            width = len(fields)
            form = "`qid docid grade`" if width == 3 else form
            continue
        if len(fields) != width:
            raise FileFormatError(
                f"{path}, line {line.number}: found `{line.text.strip()[:80]}`, expected {form}"
            )
        yield Judgement(line.number, fields[0], fields[-2], fields[-1])


def _with_text(lines: Iterable[Line]) -> Iterator[Line]:
    return (line for line in lines if line.text.strip())


def _tsv_topics(path: Path, lines: list[Line]) -> Iterator[Topic]:
    for line in without_header(_with_text(lines), is_topics_header, path):
        qid, tab, text = line.text.partition("\t")
        if not tab:
            raise FileFormatError(
                f"{path}, line {line.number}: found no tab in `{line.text[:80]}`, expected "
                "`qid<TAB>query`, for example `1<TAB>what is a graph`"
            )
        yield Topic(line.number, qid.strip(), text)


def _trec_topics(path: Path, lines: list[Line]) -> Iterator[Topic]:
    topics = list(trec_topics(path, lines))
    log_forms(topics, str(path), logger)
    return (Topic(topic.place, topic.qid, topic.text) for topic in topics)


def _json_topics(path: Path, lines: list[Line]) -> Iterator[Topic]:
    for line in _with_text(lines):
        where = f"{path}, line {line.number}"
        record = json_record(line, where, _JSON_EXPECTED)
        qid, text = record.get("_id", record.get("id")), record.get("text")
        if isinstance(qid, int) and not isinstance(qid, bool):
            qid = str(qid)
        if not isinstance(qid, str) or not isinstance(text, str):
            raise FileFormatError(
                f"{where}: found `{line.text[:80]}`, expected _id and text as text, like {_JSON_EXPECTED}"
            )
        yield Topic(line.number, qid, text)
