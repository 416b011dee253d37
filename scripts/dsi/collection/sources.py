"""Where documents, topics and judgements come from, as a configuration states it, and reading them."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.lines import FileFormatError
from dsi.collection.columns import (
    JudgementColumns,
    TextColumns,
    columns_of,
    table_documents,
    table_judgements,
    table_topics,
)
from dsi.collection.corpus_folder import corpus_files, is_text_file
from dsi.collection.datasets import (
    dataset_documents,
    dataset_qrels,
    dataset_topics,
    pyserini_qrels,
    pyserini_topics,
)
from dsi.collection.download import cache_path, download
from dsi.collection.files import Document, corpus_origin, read_corpus
from dsi.collection.item_queries import FIRST_SENTENCE, HEADING, Item, column_items, parted_documents
from dsi.collection.origin import FILE, Origin
from dsi.collection.tables import column_names, place_unit
from dsi.collection.text_files import text_documents
from dsi.collection.topics import qrels_frame, read_qrels, read_topics, topics_frame
from dsi.collection.verification import Source

FIRST = "first"


class CollectionSource(NamedTuple):
    """One of: path, a local file; url, with sha256 or md5 and, if known, size in bytes; names of packages.

    A path of documents may be a folder. pyserini: a name of Pyserini's; ir_datasets: a dataset id. The first
    of them in this order counts, so that an overlay with a path replaces a download. columns: of a table with
    a header. queries_from: of documents, the column or part of the text that is the query, and no text.
    repeated: of documents, FIRST where the first of those with one docid counts.
    """

    path: str | None = None
    url: str | None = None
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    pyserini: str | None = None
    ir_datasets: str | None = None
    columns: TextColumns | JudgementColumns | None = None
    queries_from: str | None = None
    repeated: str | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "CollectionSource":
        """From the keys of a configuration."""
        known = {name: values[name] for name in cls._fields if name in values}
        return cls(**known | ({"columns": columns_of(known["columns"])} if "columns" in known else {}))

    def __str__(self) -> str:
        """As in a message: the path, url or name."""
        return str(self.path or self.url or self.pyserini or self.ir_datasets)


class Corpus(NamedTuple):
    """Documents, which are read as they are asked for, and how messages name their places."""

    documents: Iterator[Document]
    origin: Origin


def documents_of(source: CollectionSource, cache: Path) -> Corpus:
    """The documents of a source without pyserini, in its order. `cache` is the folder of downloads.

    Raises:
        DownloadError, FileFormatError, CatalogueError: they cannot be had or read.
    """
    path = _local_file(source, cache)
    if path is None:
        return Corpus(dataset_documents(str(source.ir_datasets)), Origin(str(source), "document"))
    files, origin = _files(path, source)
    if source.queries_from is not None:
        items = _items(path, files, source, origin)
        return Corpus((Document(docid, text, place) for docid, _, text, place in items), origin)
    return Corpus(_documents(path, files, source), origin)


def items_of(source: CollectionSource, cache: Path) -> Iterator[Item]:
    """The documents of a source with queries_from, each with its query. Errors as of the documents."""
    path = _local_file(source, cache)
    if path is None:
        raise FileFormatError(
            f"{source}: found queries_from of a data set, expected files, as path: pages.csv"
        )
    files, origin = _files(path, source)
    return _items(path, files, source, origin)


def topics_of(source: CollectionSource, cache: Path) -> pd.DataFrame:
    """The queries of a source, in its order: qid, text. Errors as of the documents."""
    path = _local_file(source, cache)
    if path is not None and isinstance(source.columns, TextColumns):
        return topics_frame(table_topics(path, source.columns), Origin(str(path), place_unit(path)))
    if path is not None:
        return read_topics(path)
    if source.pyserini is not None:
        return pyserini_topics(source.pyserini)
    return dataset_topics(str(source.ir_datasets))


def qrels_of(source: CollectionSource, cache: Path) -> pd.DataFrame:
    """The judgements of a source, in its order: qid, docid, grade. Errors as of the documents."""
    path = _local_file(source, cache)
    if path is not None and isinstance(source.columns, JudgementColumns):
        return qrels_frame(table_judgements(path, source.columns), Origin(str(path), place_unit(path)))
    if path is not None:
        return read_qrels(path)
    if source.pyserini is not None:
        return pyserini_qrels(source.pyserini)
    return dataset_qrels(str(source.ir_datasets))


def _files(path: Path, source: CollectionSource) -> tuple[list[Path], Origin]:
    files = corpus_files(path, tables=source.columns is not None)
    return files, corpus_origin(files, "line" if source.columns is None else place_unit(files[0]))


def _documents(path: Path, files: list[Path], source: CollectionSource) -> Iterator[Document]:
    if isinstance(source.columns, TextColumns):
        for number, file in enumerate(files):
            for document in table_documents(file, source.columns):
                yield document._replace(place=number * FILE + document.place)
    elif path.is_dir() and is_text_file(files[0]):
        yield from text_documents(files, path)
    else:
        yield from read_corpus(files)


def _items(path: Path, files: list[Path], source: CollectionSource, origin: Origin) -> Iterator[Item]:
    """A column that has the name comes before a part of the text."""
    wanted, columns = str(source.queries_from), source.columns
    named = column_names(files[0]) if isinstance(columns, TextColumns) else ()
    if isinstance(columns, TextColumns) and wanted in named:
        return chain.from_iterable(
            column_items(file, columns, wanted, number * FILE, origin) for number, file in enumerate(files)
        )
    if wanted not in (FIRST_SENTENCE, HEADING):
        raise FileFormatError(
            f"{path}: found queries_from {wanted!r}, expected {FIRST_SENTENCE}, {HEADING}"
            + (f" or one of the columns {', '.join(named)}" if named else "")
            + f", for example queries_from: {FIRST_SENTENCE}"
        )
    return parted_documents(_documents(path, files, source), wanted, origin)


def _local_file(source: CollectionSource, cache: Path) -> Path | None:
    """The source's file, its path or the verified download; None for one that a package knows by name."""
    if source.path is not None:
        return Path(source.path)
    if source.url is not None:
        wanted = Source(source.url, source.size, source.sha256, source.md5)
        return download(wanted, cache_path(wanted, cache))
    return None
