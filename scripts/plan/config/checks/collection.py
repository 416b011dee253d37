"""Checks of the collection that is used: its packages, sources, files that are here, and queries."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dsi.collection.docstrings import UnknownPackageError, package_version
from plan.config.checks.files import Content, file_problems, name_problems, url_problems
from plan.config.checks.tables import folder_problems, hint, query_column_problems, table_problems
from plan.config.collection import (
    PARTS,
    Collection,
    DatasetCollection,
    FilesCollection,
    IndexCollection,
    PydocsCollection,
    QueriesFromFiles,
)
from plan.config.sources import SPLITS, JudgementSource, Source, TextSource
from plan.config.study import Study
from plan.config.unknown import as_far_as_known


class _Place(NamedTuple):
    """Where a source may come from (`forms`, keys of which one is there), and what its file has."""

    forms: tuple[str, ...]
    content: Content | None
    folder: bool  # whether a folder will do, too


_SPLIT = "{method: permutation, train: 0.7, validation: 0.1, test: 0.2, seed: 42}"
_INDEX = _Place(("path", "url", "prebuilt"), None, True)
_CORPUS = _Place(("path", "url"), "documents", True)
_TOPICS = _Place(("path", "url", "pyserini"), "topics", False)
_QRELS = _Place(("path", "url", "pyserini"), "judgements", False)


@as_far_as_known
def collection_problems(study: Study) -> Iterator[str]:
    """What does not fit within the collection that is used; the others may bring files that are not here."""
    if study.collection not in study.collections:
        return
    path, collection = f"collections.{study.collection}", study.selected_collection
    yield from _split_problems(path, collection)
    yield from _package_problems(path, collection)
    yield from _documents_problems(path, collection)
    yield from _queries_problems(path, collection)
    yield from _query_files_problems(path, collection)
    yield from _repeated_problems(path, collection)
    yield from _withhold_problems(path, collection)


@as_far_as_known
def _split_problems(path: str, collection: Collection) -> Iterator[str]:
    if isinstance(collection, DatasetCollection) or collection.split is None:
        return
    split = collection.split
    total = split.train + split.validation + split.test
    if abs(total - 1) > 1e-9:
        yield (f"{path}.split: found fractions that add up to {total:g}, expected 1, for example {_SPLIT}")


@as_far_as_known
def _package_problems(path: str, collection: Collection) -> Iterator[str]:
    if not isinstance(collection, PydocsCollection):
        return
    for package in collection.packages:
        try:
            package_version(package)
        except UnknownPackageError as error:
            yield f"{path}.packages: {error}"


@as_far_as_known
def _documents_problems(path: str, collection: Collection) -> Iterator[str]:
    if isinstance(collection, IndexCollection):
        yield from _source_problems(f"{path}.index", collection.index, _INDEX)
    if isinstance(collection, FilesCollection):
        yield from _source_problems(f"{path}.corpus", collection.corpus, _CORPUS)
        if collection.queries_from is not None:
            key = f"{path}.queries_from"
            yield from query_column_problems(key, collection.queries_from, collection.corpus, PARTS)


@as_far_as_known
def _queries_problems(path: str, collection: Collection) -> Iterator[str]:
    """Queries are divided at random (topics, qrels, split), as published (splits), or parts of documents."""
    if not isinstance(collection, QueriesFromFiles):
        return
    if isinstance(collection, FilesCollection) and collection.queries_from is not None:
        yield from _known_item_problems(path, collection)
        return
    divided = ("topics", "qrels", "split")
    found = [key for key in (*divided, "splits") if getattr(collection, key) is not None]
    if found not in ([*divided], ["splits"]):
        yield (
            f"{path}: found {', '.join(found) or 'no queries'}, expected either topics, qrels and split, or "
            "splits alone, for example splits: {test: {topics: {path: topics.tsv}, qrels: {path: qrels.txt}}}"
            + ("; a corpus alone has queries_from and split" * isinstance(collection, FilesCollection))
        )


@as_far_as_known
def _known_item_problems(path: str, collection: FilesCollection) -> Iterator[str]:
    """Every document is judged 1 for its own query: nothing else is to be read, graded or left out."""
    others = [key for key in ("topics", "qrels", "splits", "scope") if getattr(collection, key) is not None]
    if others or collection.split is None:
        yield (
            f"{path}: found queries_from with {', '.join(others) or 'no split'}, expected split beside it "
            f"and none of topics, qrels, splits and scope, for example split: {_SPLIT}"
        )
    if collection.corpus.repeated is not None:
        yield (
            f"{path}.corpus.repeated: found {collection.corpus.repeated}, expected none with queries_from, "
            "as a query asks for its own document; without it repeated docids are refused"
        )
    if collection.relevance != 1:
        yield (
            f"{path}.relevance: found {collection.relevance}, expected 1 with queries_from, whose judgements "
            "are all 1, for example relevance: 1"
        )


@as_far_as_known
def _query_files_problems(path: str, collection: Collection) -> Iterator[str]:
    if isinstance(collection, QueriesFromFiles):
        for key, source in collection.query_sources.items():
            place = _TOPICS if key.endswith("topics") else _QRELS
            yield from _source_problems(f"{path}.{key}", source, place)


@as_far_as_known
def _repeated_problems(path: str, collection: Collection) -> Iterator[str]:
    """A topic is in one split: two splits of the same topics and judgements share all of them."""
    if isinstance(collection, PydocsCollection) or collection.splits is None:
        return
    parts = {name: part for name in SPLITS if (part := getattr(collection.splits, name)) is not None}
    names = list(parts)
    for number, name in enumerate(names):
        first = next((before for before in names[:number] if parts[before] == parts[name]), None)
        if first is not None:
            yield (
                f"{path}.splits.{name}: found what {path}.splits.{first} has, expected other queries or "
                f"judgements, as a topic is in one split, for example qrels: {{path: qrels/{name}.tsv}}"
            )


@as_far_as_known
def _withhold_problems(path: str, collection: Collection) -> Iterator[str]:
    if isinstance(collection, PydocsCollection) or collection.withhold is None:
        return
    if not collection.has_training_queries:
        yield (
            f"{path}.withhold: found it in a collection without training queries, whose judgements it drops; "
            "expected such queries, for example splits: {train: …, test: …}, or no withhold"
        )


@as_far_as_known
def _source_problems(path: str, source: Source, place: _Place) -> Iterator[str]:
    yield from _column_problems(path, source)
    yield from name_problems(f"{path}.path", source.path)
    if source.path is None:
        yield from url_problems(f"{path}.url", source.url)
    if not any(getattr(source, form) for form in place.forms):
        listed = f"{', '.join(place.forms[:-1])} or {place.forms[-1]}"
        yield f"{path}: found {source.as_dict()!r}, expected {listed}, for example path: data/file"
    elif source.path is not None:
        yield from _path_problems(path, source, place)
    elif source.url is not None and source.sha256 is None and source.md5 is None:
        yield (
            f"{path}: found a url without a digest, expected sha256 or md5 of the file, for example "
            "sha256: 4fbb27df…"
        )


def _path_problems(path: str, source: Source, place: _Place) -> Iterator[str]:
    key, kinds = f"{path}.path", "a file or folder" if place.folder else "a file"
    here = Path(str(source.path))
    if not here.exists():
        yield (
            f"{key}: found {source.path!r}, which does not exist; expected {kinds}, for example "
            "path: data/topics.tsv"
        )
    elif here.is_dir():
        if not place.folder:
            yield (
                f"{key}: found {source.path!r}, a folder; expected {kinds}, for example path: data/topics.tsv"
            )
        elif place.content is not None and not _has_columns(source):
            yield from folder_problems(key, here)
    elif place.content is not None and not _has_columns(source):
        for problem in file_problems(key, str(here), place.content):
            yield problem + hint(str(here), place.content)


def _has_columns(source: Source) -> bool:
    return isinstance(source, TextSource | JudgementSource) and source.columns is not None


@as_far_as_known
def _column_problems(path: str, source: Source) -> Iterator[str]:
    if not isinstance(source, TextSource | JudgementSource) or source.columns is None:
        return
    if source.path is None and source.url is None:
        yield (
            f"{path}.columns: found columns without a path or url, expected a table that has them, for "
            "example path: data/topics.csv"
        )
    else:
        yield from table_problems(path, source)
