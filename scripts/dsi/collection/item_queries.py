"""Known items of a collection that has texts alone: a part of each document is the query, the rest its text.

The part is a column of a table, or of any text its first sentence or its heading. Equal queries are one, and
what answers one of several documents with the same text, all of them answer.
"""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.lines import FileFormatError, check_characters
from dsi.base.words import query_words
from dsi.collection.columns import TextColumns, id_and_text
from dsi.collection.files import Document
from dsi.collection.known_items import distinct_queries
from dsi.collection.origin import MISSING, Origin
from dsi.collection.tables import read_table

FIRST_SENTENCE, HEADING = "first_sentence", "heading"
MIN_WORDS = 3  # of a first sentence: shorter ones are headings, numbers and the ends of abbreviations
SHOWN_QUERIES = 5

# Code, in which a comment looks like a heading, and what stands above a page for programs.
_NO_PROSE = re.compile(r"^(?P<fence>```|~~~).*?^(?P=fence)[^\n]*$|\A---\n.*?^---$", re.MULTILINE | re.DOTALL)
# `# Heading`, or a line that is underlined with `===` or `---`.
_HEADING = re.compile(
    r"^(?:#{1,6}[ \t]+(?P<marked>[^\n]*?)[ \t#]*|(?P<underlined>[^\n]*\w[^\n]*)\n(?:={2,}|-{2,})[ \t]*)$",
    re.MULTILINE,
)
_LINE = re.compile(r"^(?P<line>[^\n]*\S[^\n]*)$", re.MULTILINE)
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s)|[。！？।؟۔]|(?=\n\s*\n)|\Z)", re.DOTALL)
_WORD = re.compile(r"[^\W_]")

logger = logging.getLogger(__name__)


class Item(NamedTuple):
    """A document and the query that was a part of it; its place as an Origin counts."""

    docid: str
    query: str
    text: str
    place: int


class Parted(NamedTuple):
    """A text in two: query, white space folded, and the rest."""

    query: str
    rest: str


class ItemQueries(NamedTuple):
    """queries: qid, text, in the order of the docids that they were parts of · qrels: qid, docid, grade."""

    queries: pd.DataFrame
    qrels: pd.DataFrame


def parted(text: str, rule: str) -> Parted:
    """A text without its first sentence or heading, which is the query; that is empty where there is none.

    The first sentence is the first of at least MIN_WORDS words, headings and code in Markdown left out; it
    ends with its full stop or the paragraph. The heading is Markdown's first, without one the first line.
    """
    prose = _NO_PROSE.sub(_blank, text)
    if rule == FIRST_SENTENCE:
        sentences = _SENTENCE.finditer(_HEADING.sub(_blank, prose))
        found = next((one for one in sentences if len(query_words(one[0])) >= MIN_WORDS), None)
        query = found[0] if found else ""
    else:
        found = _HEADING.search(prose) or _LINE.search(prose)
        query = next(filter(None, found.groups()), "") if found else ""
    if found is None:
        return Parted("", text)
    rest = text[: found.start()] + text[found.end() :].lstrip()
    return Parted(" ".join(query.split()), rest.strip())


def _blank(found: re.Match[str]) -> str:
    return "\n" * len(found[0])


def parted_documents(documents: Iterable[Document], rule: str, origin: Origin) -> Iterator[Item]:
    """Documents whose first sentence or heading is the query.

    Raises:
        FileFormatError: one has none, or it has neither a letter nor a digit.
    """
    for docid, text, place in documents:
        query, rest = parted(text, rule)
        yield Item(docid, _checked(query, rule.replace("_", " "), origin.at(place)), rest, place)


def column_items(path: Path, columns: TextColumns, column: str, start: int, origin: Origin) -> Iterator[Item]:
    """The documents of a table in which one column is the query and the others have the text.

    Args:
        start: the place before its first line.

    Raises:
        FileFormatError: a column is not there or cannot be read, none is left, or a query is empty.
    """
    names = [name for name in columns.text if name != column]
    if not names:
        raise FileFormatError(
            f"{path}: found the column {column!r} for the query and no other for the text, expected "
            "a further one, for example text: [description]"
        )
    for record in read_table(path, [columns.id, *names, column]):
        *fields, query = record.values
        place = start + record.place
        where = f"{origin.at(place)}, column {column!r}"
        docid, text = id_and_text(path, record._replace(values=tuple(fields)), names)
        yield Item(docid, _checked(" ".join((query or "").split()), "text", where), text, place)


def item_queries(items: Iterable[Item]) -> ItemQueries:
    """Every distinct query, and the documents that it was a part of as relevant, with those of equal text."""
    rows = [(docid, query, _digest(text) if text else f"no text: {docid}") for docid, query, text, _ in items]
    frame = pd.DataFrame(rows, columns=["docid", "query", "text"]).sort_values("docid", ignore_index=True)
    queries = distinct_queries(frame["query"])
    frame["qid"] = frame["query"].map(dict(zip(queries["text"], queries["qid"], strict=True)))
    # A document answers the queries of all that have its text.
    qrels = frame[["qid", "text"]].drop_duplicates().merge(frame[["docid", "text"]], on="text")
    qrels = qrels[["qid", "docid"]].drop_duplicates().sort_values(["qid", "docid"], ignore_index=True)
    alike = int(frame["text"].duplicated(keep=False).sum())
    logger.info(
        "%d documents give %d distinct queries; %d have the text of another and answer its query, too",
        len(frame),
        len(queries),
        alike,
    )
    for row in frame.head(SHOWN_QUERIES).itertuples():
        logger.info("query %s %r → %s", row.qid, row.query, row.docid)
    return ItemQueries(queries, qrels.assign(grade=1))


def _digest(text: str) -> str:
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16).hexdigest()


def _checked(query: str, what: str, where: str) -> str:
    check_characters(query, where)
    if query in MISSING or not _WORD.search(query):
        raise FileFormatError(
            f"{where}: found the {what} {query!r}, which is no query, expected one with a letter or digit, "
            "for example `list files`"
        )
    return query
