"""Header lines of tables: the names of columns above the first row, which are no data."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from dsi.base.lines import Line

_DOCIDS = {
    "id",
    "_id",
    "docid",
    "doc_id",
    "docno",
    "did",
    "pid",
    "passage_id",
    "document_id",
    "corpus_id",
    "document",
}
_TEXTS = {
    "text",
    "contents",
    "content",
    "body",
    "passage",
    "document",
    "abstract",
    "title",
    "url",
    "metadata",
}
_QIDS = {"id", "_id", "qid", "query_id", "queryid", "topic", "topic_id", "topicid", "number", "num"}
_QUERIES = {"query", "text", "title", "question", "topic", "contents", "description", "narrative", "keywords"}
_ITERATIONS = {"0", "q0", "iter", "iteration", "unused", "run"}
_GRADES = {"score", "grade", "rel", "relevance", "relevancy", "label", "judgement", "judgment", "relevant"}

logger = logging.getLogger(__name__)


def without_header(
    lines: Iterable[Line], is_header: Callable[[Sequence[str]], bool], path: Path
) -> Iterator[Line]:
    """The lines of a table of tab-separated columns, without its header, which is said.

    Args:
        lines: none is blank.
    """
    pending = iter(lines)
    first = next(pending, None)
    if first is None:
        return
    if is_header(first.text.split("\t")):
        logger.info("%s, line %d: left out the header `%s`", path, first.number, first.text.strip())
        yield from pending
    else:
        yield from chain([first], pending)


def is_corpus_header(columns: Sequence[str]) -> bool:
    """Whether these are names of columns of documents, as `id<TAB>text`."""
    return _is(columns, _DOCIDS, _TEXTS)


def is_topics_header(columns: Sequence[str]) -> bool:
    """Whether these are names of columns of queries, as `qid<TAB>query`."""
    return _is(columns, _QIDS, _QUERIES)


def is_qrels_header(columns: Sequence[str]) -> bool:
    """Whether these are names of columns of judgements, as `query-id corpus-id score`."""
    names = _normalised(columns)
    middle = _ITERATIONS if len(names) == 4 else set()
    return (
        len(names) in (3, 4)
        and names[0] in _QIDS | {"query"}
        and all(name in middle for name in names[1:-2])
        and names[-2] in _DOCIDS
        and names[-1] in _GRADES
    )


def _is(columns: Sequence[str], ids: set[str], texts: set[str]) -> bool:
    first, *rest = _normalised(columns)
    return first in ids and bool(rest) and set(rest) <= texts


def _normalised(columns: Sequence[str]) -> list[str]:
    return [column.strip().strip('#"').lower().replace("-", "_").replace(" ", "_") for column in columns]
