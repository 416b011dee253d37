"""Where documents, topics and judgements come from, as a configuration states it, and reading them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.collection.datasets import (
    dataset_documents,
    dataset_qrels,
    dataset_topics,
    pyserini_qrels,
    pyserini_topics,
)
from dsi.collection.download import cache_path, download
from dsi.collection.files import Document, corpus_files, corpus_origin, read_corpus
from dsi.collection.origin import Origin
from dsi.collection.topics import read_qrels, read_topics
from dsi.collection.verification import Source


class CollectionSource(NamedTuple):
    """One of: path, a local file; url, with sha256 or md5 and, if known, size in bytes; names of packages.

    A path of documents may be a folder. pyserini: a name of Pyserini's; ir_datasets: a dataset id. The first
    of them in this order counts, so that an overlay with a path replaces a download.
    """

    path: str | None = None
    url: str | None = None
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    pyserini: str | None = None
    ir_datasets: str | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "CollectionSource":
        """From the keys of a configuration."""
        return cls(**{name: values[name] for name in cls._fields if name in values})

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
    files = corpus_files(path)
    return Corpus(read_corpus(files), corpus_origin(files))


def topics_of(source: CollectionSource, cache: Path) -> pd.DataFrame:
    """The queries of a source, in its order: qid, text. Errors as of the documents."""
    path = _local_file(source, cache)
    if path is not None:
        return read_topics(path)
    if source.pyserini is not None:
        return pyserini_topics(source.pyserini)
    return dataset_topics(str(source.ir_datasets))


def qrels_of(source: CollectionSource, cache: Path) -> pd.DataFrame:
    """The judgements of a source, in its order: qid, docid, grade. Errors as of the documents."""
    path = _local_file(source, cache)
    if path is not None:
        return read_qrels(path)
    if source.pyserini is not None:
        return pyserini_qrels(source.pyserini)
    return dataset_qrels(str(source.ir_datasets))


def _local_file(source: CollectionSource, cache: Path) -> Path | None:
    """The source's file, its path or the verified download; None for one that a package knows by name."""
    if source.path is not None:
        return Path(source.path)
    if source.url is not None:
        wanted = Source(source.url, source.size, source.sha256, source.md5)
        return download(wanted, cache_path(wanted, cache))
    return None
