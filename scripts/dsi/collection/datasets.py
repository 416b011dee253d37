"""Collections that a package knows by name: topics and judgements of Pyserini, anything of ir_datasets.

Both packages download what they name at the first use and keep it in the user's home.

Sources: pyserini.search.get_topics and get_qrels_file; ir_datasets.load.
"""

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dsi.bm25.lucene import start_jvm
from dsi.collection.files import Document, joined
from dsi.collection.origin import Origin
from dsi.collection.topics import Judgement, Topic, qrels_frame, read_qrels, topics_frame

IR_DATASETS = "https://ir-datasets.com"
PYSERINI_CACHE = "~/.cache/pyserini/topics-and-qrels"


class CatalogueError(RuntimeError):
    """A named collection is unknown or cannot be had; the message says what to do."""


def pyserini_topics(name: str) -> pd.DataFrame:
    """Queries that Pyserini knows under a name, in its order: qid, text.

    Its order is that of a Java hash map over the qids, the same at every call but not the file's.
    The text is that of Anserini's field `title`, where every topic reader puts the query.

    Raises:
        CatalogueError: no such name, or no way to download them.
        FileFormatError: a topic without text.
    """
    start_jvm()
    from pyserini.search import get_topics

    origin = f"topics {name!r} of Pyserini"
    known = _named(name, _beside(get_topics, "topics_mapping"), origin)
    topics = _downloaded(lambda: get_topics(name), origin, known)
    found = (
        Topic(place, str(qid), str(fields.get("title") or ""))
        for place, (qid, fields) in enumerate(topics.items(), start=1)
    )
    return topics_frame(found, Origin(origin, "topic"))


def pyserini_qrels(name: str) -> pd.DataFrame:
    """Judgements that Pyserini knows under a name: qid, docid, grade.

    Raises:
        CatalogueError: no such name, or no way to download them.
        FileFormatError: the file is damaged.
    """
    start_jvm()
    from pyserini.search import get_qrels_file

    origin = f"qrels {name!r} of Pyserini"
    known = _named(name, _beside(get_qrels_file, "qrels_mapping"), origin)
    # The file and not get_qrels, which turns ids into numbers: `007` would become `7`.
    return read_qrels(Path(_downloaded(lambda: get_qrels_file(name), origin, known)))


def _beside(function: Callable[..., Any], table: str) -> Mapping[str, Any]:
    """A table of names that stands in the same module as a public function; Pyserini exports no other way."""
    names: Mapping[str, Any] = getattr(inspect.getmodule(function), table)
    return names


def _named(name: str, known: Mapping[str, Any], origin: str) -> Any:
    """What Pyserini's table of names holds for one."""
    if name not in known:
        near = difflib.get_close_matches(name, known) or ["msmarco-passage-dev-subset"]
        raise CatalogueError(
            f"found no {origin}, expected one of its {len(known)} names, for example {', '.join(near)}"
        )
    return known[name]


def _downloaded(get: Callable[[], Any], origin: str, known: Any) -> Any:
    """What a function of Pyserini returns that downloads a file at its first use."""
    from jnius import JavaException

    try:
        return get()
    except (JavaException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CatalogueError(
            f"{origin}: cannot be downloaded ({reason}); connect to the network once, or "
            f"put {known.path} into {PYSERINI_CACHE}, or name a file of your own, for example "
            "{path: data/mine.txt}"
        ) from error


def dataset_documents(name: str) -> Iterator[Document]:
    """The documents of one of ir_datasets' datasets, in its order, with their default text.

    Where a dataset has no default text, it is the title and the text.

    Raises:
        CatalogueError: ir_datasets or the name is missing, it has no documents, or no way to download them.
    """
    for place, document in enumerate(_entities(name, "docs"), start=1):
        yield Document(document.doc_id, _default_text(document).strip(), place)


def dataset_topics(name: str) -> pd.DataFrame:
    """The queries of one of ir_datasets' datasets, in its order: qid, text. Errors as of the documents."""
    found = (
        Topic(place, query.query_id, _default_text(query))
        for place, query in enumerate(_entities(name, "queries"), start=1)
    )
    return topics_frame(found, Origin(f"dataset {name!r}", "query"))


def dataset_qrels(name: str) -> pd.DataFrame:
    """The judgements of one of ir_datasets' datasets: qid, docid, grade. Errors as of the documents."""
    found = (
        Judgement(place, judgement.query_id, judgement.doc_id, judgement.relevance)
        for place, judgement in enumerate(_entities(name, "qrels"), start=1)
    )
    return qrels_frame(found, Origin(f"dataset {name!r}", "judgement"))


def _entities(name: str, kind: str) -> Iterator[Any]:
    """The docs, queries or qrels of a dataset."""
    try:
        import ir_datasets
    except ImportError as error:
        raise CatalogueError(
            f"dataset {name!r}: the package ir_datasets is not installed; `pip install ir_datasets`, or name "
            "local files with kind: files"
        ) from error
    try:
        dataset = ir_datasets.load(name)
    except KeyError as error:
        near = difflib.get_close_matches(name, ir_datasets.registry) or ["beir/nfcorpus/test"]
        raise CatalogueError(
            f"found no dataset {name!r} in ir_datasets, expected one of the ids at {IR_DATASETS}, for "
            f"example {', '.join(near)}"
        ) from error
    if not dataset.has(kind):
        raise CatalogueError(
            f"dataset {name!r} has no {kind}, expected one that has, for example beir/nfcorpus/test; "
            f"{IR_DATASETS} lists what each has"
        )
    try:
        yield from getattr(dataset, f"{kind}_iter")()
    except (OSError, RuntimeError) as error:
        raise CatalogueError(
            f"dataset {name!r}: its {kind} cannot be downloaded ({str(error)[:300]}); connect to the network "
            "once, or name local files with kind: files"
        ) from error


def _default_text(entity: Any) -> str:
    if hasattr(entity, "default_text"):
        return str(entity.default_text())
    return joined(str(getattr(entity, "title", None) or ""), str(getattr(entity, "text", None) or ""))
