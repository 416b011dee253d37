"""TREC topics in the forms that 30 years have left: `<top>` of the ad hoc tracks, `<topic>`, `<DOC>` of CACM.

A topic ends at its closing tag or where the next begins. Names of tags may be capitals, with attributes and a
prefix of the language (`<EN-title>`); a field ends at its closing tag or where the next begins. The query is
the title; a topic without one, as topics 201 to 250, has its description.

The readers of Anserini (TrecTopicReader) and ir_datasets (TrecQueries) were tried on the same forms: they
refuse topics without title, refuse or leave out those that are not closed, find none in capitals, keep
entities as they are, and Anserini's turns 051 into 51.
"""

import html
import logging
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, zip_longest
from pathlib import Path
from typing import NamedTuple

from dsi.base.lines import FileFormatError, Line

_EXPECTED = "`<top> <num> Number: 301 <title> what is a graph </top>`"
_ROOT = re.compile(r"<(top|topic|doc)(\s[^<>]*)?>", re.IGNORECASE)
_NUMBER_ATTRIBUTE = re.compile(r"""\b(?:number|num|id)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?[a-z?!][^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|\w+);", re.IGNORECASE)
_NUMBERS, _TEXTS = ("num", "number", "docno"), ("title", "query", "desc", "description")
_OTHERS = ("narr", "narrative", "question", "dom", "smry", "con", "fac", "def", "head")
_KNOWN = "|".join((*_NUMBERS, *_TEXTS, *_OTHERS))
# A field begins with a known tag anywhere, or with any other at the start of a line.
_FIELD = re.compile(
    rf"<(?:[a-z]{{2}}-)?({_KNOWN})(?:\s[^<>]*)?>|^[ \t]*<([a-z][\w-]*)(?:\s[^<>]*)?>",
    re.IGNORECASE | re.MULTILINE,
)
_LABEL = re.compile(r"\s*(?:number|topic|title|description|narrative)\s*:", re.IGNORECASE)


class TrecTopic(NamedTuple):
    """A query, the line where its topic begins, and the tag that its text is from (None: no tag)."""

    place: int
    qid: str
    text: str
    tag: str | None


class _Text:
    """A whole file, whose positions know their lines."""

    def __init__(self, path: Path, lines: Sequence[Line]) -> None:
        whole = "\n".join(line.text for line in lines)
        # Blanks in place of comments and of what CDATA begins and ends with, so that positions stay.
        plain = _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), whole)
        self.text = plain.replace("<![CDATA[", " " * 9).replace("]]>", " " * 3)
        self._path = path
        self._starts = list(accumulate((len(line.text) + 1 for line in lines), initial=0))

    def line(self, position: int) -> int:
        return bisect_right(self._starts, position)

    def where(self, position: int) -> str:
        return f"{self._path}, line {self.line(position)}"

    def refuse_text(self, start: int, end: int, outside: str) -> None:
        """Raise for anything but tags and white space between two positions."""
        found = re.search(r"\S+", _TAG.sub(lambda tag: " " * len(tag[0]), self.text[start:end]))
        if found is not None:
            raise FileFormatError(
                f"{self.where(start + found.start())}: found `{found[0][:80]}` outside of {outside}, "
                f"expected topics like {_EXPECTED}"
            )


class _Field(NamedTuple):
    """A field's name (lower case), text without tags, and where its tag stands."""

    name: str
    text: str
    position: int


def trec_topics(path: Path, lines: Sequence[Line]) -> Iterator[TrecTopic]:
    """The topics of a file, in its order; texts without tags, labels and entities.

    Raises:
        FileFormatError: text outside of topics or fields, a topic without number or text or with two of them.
    """
    file = _Text(path, lines)
    roots = list(_ROOT.finditer(file.text))
    if not roots:
        raise FileFormatError(
            f"{path}, line 1: found no <top>, <topic> or <DOC>, expected topics like {_EXPECTED}"
        )
    # A tag <topic> within <top> is a field.
    roots = [root for root in roots if root[1].lower() == roots[0][1].lower()]
    file.refuse_text(0, roots[0].start(), "a topic")
    ends = [root.start() for root in roots[1:]] + [len(file.text)]
    for root, end in zip(roots, ends, strict=True):
        closing = re.compile(rf"</{root[1]}\s*>", re.IGNORECASE).search(file.text, root.end(), end)
        if closing is not None:
            file.refuse_text(closing.end(), end, "a topic")
        yield _topic(file, root, closing.start() if closing else end)


def log_forms(topics: Sequence[TrecTopic], origin: str, logger: logging.Logger) -> None:
    """Say where the queries' texts are from: short titles and long descriptions are different tasks."""
    forms = Counter(topic.tag for topic in topics)
    said = ", ".join(
        f"{count} from {f'<{tag}>' if tag else 'what follows the number'}" for tag, count in forms.items()
    )
    level = logging.INFO if len(forms) == 1 else logging.WARNING
    logger.log(level, "%s: TREC topics, the texts of %s", origin, said)


def _topic(file: _Text, root: re.Match[str], end: int) -> TrecTopic:
    fields = list(_fields(file, root.end(), end))
    number = _first(file, fields, _NUMBERS)
    attribute = _NUMBER_ATTRIBUTE.search(root[2] or "")
    qid = _without_label(number.text) if number else attribute[1] if attribute else ""
    where = file.where(root.start())
    if not qid:
        raise FileFormatError(
            f"{where}: found a topic without <num> or <DOCNO>, expected topics like {_EXPECTED}"
        )
    field = _first(file, fields, _TEXTS)
    if field is not None:
        return TrecTopic(file.line(root.start()), qid, _without_label(field.text), field.name)
    if root[1].lower() == "doc":
        # The older form has no fields: what follows the number is the query.
        after = file.text[number.position if number else root.end() : end]
        text = _clean(re.sub(rf"<docno(?:\s[^<>]*)?>\s*{re.escape(qid)}\s*", "", after, flags=re.IGNORECASE))
        return TrecTopic(file.line(root.start()), qid, text, None)
    raise FileFormatError(
        f"{where}: found topic {qid!r} without text in <title> or <desc>, expected topics like {_EXPECTED}"
    )


def _fields(file: _Text, start: int, end: int) -> Iterator[_Field]:
    """The fields between two positions; text outside of them is refused but behind <DOCNO>."""
    tags = list(_FIELD.finditer(file.text, start, end))
    file.refuse_text(start, tags[0].start() if tags else end, "a field")
    for tag, following in zip_longest(tags, tags[1:]):
        stop = following.start() if following else end
        name = (tag[1] or tag[2]).lower()
        closing = re.compile(rf"</(?:[a-z]{{2}}-)?{re.escape(name)}\s*>", re.IGNORECASE).search(
            file.text, tag.end(), stop
        )
        if closing is not None and name != "docno":
            file.refuse_text(closing.end(), stop, f"the field <{name}>")
        yield _Field(name, _clean(file.text[tag.end() : closing.start() if closing else stop]), tag.start())


def _first(file: _Text, fields: Sequence[_Field], names: Sequence[str]) -> _Field | None:
    """The field of the first of some names that has a text."""
    for name in names:
        found = [field for field in fields if field.name == name]
        if len(found) > 1:
            raise FileFormatError(
                f"{file.where(found[1].position)}: found <{name}> again in one topic, first on line "
                f"{file.line(found[0].position)}; expected a <top> before every topic"
            )
        if found and _without_label(found[0].text):
            return found[0]
    return None


def _clean(text: str) -> str:
    """Without tags and entities, white space folded."""
    return " ".join(_ENTITY.sub(lambda entity: html.unescape(entity[0]), _TAG.sub(" ", text)).split())


def _without_label(text: str) -> str:
    """Without `Number:`, `Topic:` or `Description:` at the beginning."""
    label = _LABEL.match(text)
    return text[label.end() :].strip() if label else text
