"""Topics and judgements as files: TSV or TREC topics, TREC qrels, plain or gzipped.

Every error names file and line. Does not know where the files come from or what a split is.
"""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

# TREC's own <top> and the <DOC> form of older collections such as CACM.
_TOPIC = re.compile(r"<(top|DOC)>(.*?)</\1>", re.DOTALL)
_NUMBER = re.compile(r"<num>\s*(?:Number:)?\s*([^\s<]+)|<DOCNO>\s*([^\s<]+)\s*</DOCNO>")
_TITLE = re.compile(r"<title>\s*(?:Topic:)?(.*?)(?=<|\Z)", re.DOTALL)


class TopicsError(ValueError):
    """A topics or qrels file cannot be read; the message names file, line, and what was expected."""


class Line(NamedTuple):
    """A line of text and its number, from 1."""

    number: int
    text: str


def read_topics(path: Path) -> pd.DataFrame:
    """Queries of a file, in its order: qid, text with white space folded.

    Lines `qid<TAB>query`, or TREC topics (their titles), told apart by the first character.

    Raises:
        TopicsError: no tab, an empty or repeated qid, an empty text, bytes that are not UTF-8, or no
            query at all.
    """
    lines = list(_lines(path))
    first = next((line.text.lstrip() for line in lines if line.text.strip()), "")
    found = _trec_topics(path, lines) if first.startswith("<") else _tsv_topics(path, lines)
    seen: dict[str, int] = {}
    rows = []
    for line, qid, text in found:
        words = " ".join(text.split())
        if not qid or not words:
            raise TopicsError(f"{path}, line {line}: found a topic without id or text, expected both")
        if qid in seen:
            raise TopicsError(f"{path}, line {line}: found topic {qid!r} again, first on line {seen[qid]}")
        seen[qid] = line
        rows.append((qid, words))
    if not rows:
        raise TopicsError(f"{path}: found no topic, expected lines like `1<TAB>what is a graph`")
    return pd.DataFrame(rows, columns=["qid", "text"])


def read_qrels(path: Path) -> pd.DataFrame:
    """Judgements of a TREC qrels file: qid, docid, grade, in the file's order.

    Raises:
        TopicsError: a line has not four fields or a grade that is no whole number, a document is
            judged twice for a query, or there is no judgement at all.
    """
    rows = []
    seen: dict[tuple[str, str], int] = {}
    for line in _lines(path):
        if not line.text.strip():
            continue
        fields = line.text.split()
        if len(fields) != 4 or not re.fullmatch(r"-?\d+", fields[3]):
            raise TopicsError(
                f"{path}, line {line.number}: found `{line.text.strip()[:80]}`, expected `qid 0 docid "
                "grade`, for example `1 0 CACM-1410 1`"
            )
        qid, _, docid, grade = fields
        if (qid, docid) in seen:
            raise TopicsError(
                f"{path}, line {line.number}: found {docid!r} judged again for topic {qid!r}, first on "
                f"line {seen[qid, docid]}"
            )
        seen[qid, docid] = line.number
        rows.append((qid, docid, int(grade)))
    if not rows:
        raise TopicsError(f"{path}: found no judgement, expected lines like `1 0 CACM-1410 1`")
    return pd.DataFrame(rows, columns=["qid", "docid", "grade"])


def _lines(path: Path) -> Iterator[Line]:
    """Lines split at newlines only: str.splitlines breaks at characters that occur inside texts."""
    raw = path.read_bytes()
    data = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            yield Line(number, line.rstrip(b"\r").decode("utf-8"))
        except UnicodeDecodeError as error:
            raise TopicsError(
                f"{path}, line {number}: found byte 0x{line[error.start]:02x} at column "
                f"{error.start + 1}, expected UTF-8"
            ) from error


def _tsv_topics(path: Path, lines: list[Line]) -> Iterator[tuple[int, str, str]]:
    for line in lines:
        if not line.text.strip():
            continue
        qid, tab, text = line.text.partition("\t")
        if not tab:
            raise TopicsError(
                f"{path}, line {line.number}: found no tab in `{line.text[:80]}`, expected "
                "`qid<TAB>query`, for example `1<TAB>what is a graph`"
            )
        yield line.number, qid.strip(), text


def _trec_topics(path: Path, lines: list[Line]) -> Iterator[tuple[int, str, str]]:
    whole = "\n".join(line.text for line in lines)
    for match in _TOPIC.finditer(whole):
        number = whole.count("\n", 0, match.start()) + 1
        qid = _NUMBER.search(match[2])
        if qid is None:
            raise TopicsError(f"{path}, line {number}: found a topic without <num> or <DOCNO>")
        title = _TITLE.search(match[2])
        # The older form has no title: what follows the number is the query.
        text = title[1] if title else match[2][qid.end() :]
        yield number, qid[1] or qid[2], text
