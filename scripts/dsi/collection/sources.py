"""Sources: where documents, topics and judgements come from, as a configuration states it, to frames.

A source is a mapping with one of: path, a local file; url, with sha256 or md5 and, if known, size in
bytes; pyserini, a name of Pyserini's; ir_datasets, a dataset id. The first of them in this order counts,
so that an overlay with a path replaces a download. Does not know splits.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dsi.collection.datasets import (
    dataset_documents,
    dataset_qrels,
    dataset_topics,
    pyserini_qrels,
    pyserini_topics,
)
from dsi.collection.download import Source, cache_path, download
from dsi.collection.files import Document, read_corpus
from dsi.collection.topics import read_qrels, read_topics


def documents_of(source: Mapping[str, Any], cache: Path) -> Iterator[Document]:
    """The documents of a source without pyserini, in its order. `cache` is the folder of downloads.

    Raises:
        DownloadError, FileFormatError, CatalogueError: they cannot be had or read.
    """
    path = _local_file(source, cache)
    return dataset_documents(source["ir_datasets"]) if path is None else read_corpus(path)


def topics_of(source: Mapping[str, Any], cache: Path) -> pd.DataFrame:
    """The queries of a source, in its order: qid, text. Errors as of the documents."""
    path = _local_file(source, cache)
    if path is not None:
        return read_topics(path)
    if "pyserini" in source:
        return pyserini_topics(source["pyserini"])
    return dataset_topics(source["ir_datasets"])


def qrels_of(source: Mapping[str, Any], cache: Path) -> pd.DataFrame:
    """The judgements of a source, in its order: qid, docid, grade. Errors as of the documents."""
    path = _local_file(source, cache)
    if path is not None:
        return read_qrels(path)
    if "pyserini" in source:
        return pyserini_qrels(source["pyserini"])
    return dataset_qrels(source["ir_datasets"])


def described(source: Mapping[str, Any]) -> str:
    """A source in a message: its path, url or name."""
    return str(next(source[key] for key in ("path", "url", "pyserini", "ir_datasets") if key in source))


def _local_file(source: Mapping[str, Any], cache: Path) -> Path | None:
    """The source's file, its path or the verified download; None for one that a package knows by name."""
    if "path" in source:
        return Path(source["path"])
    if "url" in source:
        wanted = Source(source["url"], source.get("size"), source.get("sha256"), source.get("md5"))
        return download(wanted, cache_path(wanted, cache))
    return None
