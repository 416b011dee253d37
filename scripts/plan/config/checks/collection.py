"""Checks of the collection that is used: its packages, sources and queries."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from dsi.collection.docstrings import UnknownPackageError, package_version
from plan.config.collection import (
    DatasetCollection,
    FilesCollection,
    IndexCollection,
    PydocsCollection,
    QueriesFromFiles,
    Source,
    Split,
)
from plan.config.study import Study


def collection_problems(study: Study) -> Iterator[str]:
    """What does not fit within the collection that is used; the others may bring files that are not here."""
    if study.collection not in study.collections:
        return
    path, collection = f"collections.{study.collection}", study.selected_collection
    if not isinstance(collection, DatasetCollection) and collection.split is not None:
        yield from _split_problems(f"{path}.split", collection.split)
    if isinstance(collection, PydocsCollection):
        yield from _package_problems(path, collection)
    if isinstance(collection, IndexCollection):
        yield from _source_problems(f"{path}.index", collection.index, ("path", "url", "prebuilt"))
    if isinstance(collection, FilesCollection):
        yield from _source_problems(f"{path}.corpus", collection.corpus, ("path", "url"))
    if isinstance(collection, QueriesFromFiles):
        yield from _queries_problems(path, collection)


def _split_problems(path: str, split: Split) -> Iterator[str]:
    total = split.train + split.validation + split.test
    if abs(total - 1) > 1e-9:
        yield (
            f"{path}: found fractions that add up to {total:g}, expected 1, "
            "for example {method: permutation, train: 0.7, validation: 0.1, test: 0.2, seed: 42}"
        )


def _package_problems(path: str, collection: PydocsCollection) -> Iterator[str]:
    for package in collection.packages:
        try:
            package_version(package)
        except UnknownPackageError as error:
            yield f"{path}.packages: {error}"


def _queries_problems(path: str, collection: QueriesFromFiles) -> Iterator[str]:
    """Queries are divided at random (topics, qrels and split) or as published (splits)."""
    divided = ("topics", "qrels", "split")
    found = [key for key in (*divided, "splits") if getattr(collection, key) is not None]
    if found not in ([*divided], ["splits"]):
        yield (
            f"{path}: found {', '.join(found) or 'no queries'}, expected either topics, qrels and split, or "
            "splits alone, for example splits: {test: {topics: {path: topics.tsv}, qrels: {path: qrels.txt}}}"
        )
        return
    for where, source in collection.query_sources.items():
        yield from _source_problems(f"{path}.{where}", source, ("path", "url", "pyserini"))


def _source_problems(path: str, source: Source, forms: Sequence[str]) -> Iterator[str]:
    """`forms` are the keys of which one must be there."""
    if not any(getattr(source, form) for form in forms):
        listed = f"{', '.join(forms[:-1])} or {forms[-1]}"
        yield f"{path}: found {source.as_dict()!r}, expected {listed}, for example path: data/file"
    elif source.path is not None:
        if not Path(source.path).exists():
            yield (
                f"{path}.path: found {source.path!r}, which does not exist; expected a file or folder, "
                "for example path: data/topics.tsv"
            )
    elif source.url is not None and source.sha256 is None and source.md5 is None:
        yield (
            f"{path}: found a url without a digest, expected sha256 or md5 of the file, for example "
            "sha256: 4fbb27df…"
        )
