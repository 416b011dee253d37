"""A checkpoint opened for searching by hand: its systems, its collection's texts, and queries to answer."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from dsi.base.artefacts import read_frame
from dsi.bm25.lucene import MANIFEST, verified_index
from dsi.bm25.parameters import Bm25Parameters
from dsi.ranking.search import Search, bm25_search, checkpoint_search

MODEL, BM25 = "model", "BM25"


class SearchError(RuntimeError):
    """What is to be searched, or for what, is missing; the message names it and an example."""


class Searcher(NamedTuple):
    """systems: by name, the model first; texts: docid → text, of every document."""

    systems: Mapping[str, Search]
    texts: Mapping[str, str]


def open_searcher(
    checkpoint: Path, collection: Path | None, bm25: Bm25Parameters | None, prefixes_at_a_time: int
) -> Searcher:
    """Load a checkpoint, the texts of its collection and, if asked for, BM25.

    Args:
        collection: folder of documents.parquet and index/; None for the folder `collection` beside one of
            the folders above the checkpoint.
        prefixes_at_a_time: of naive or semantic docids, that go through the decoder together.

    Raises:
        SearchError: the collection, a document's text or the index is missing.
        dsi.model.checkpoint.CheckpointError: the folder holds no checkpoint.
        dsi.bm25.lucene.LuceneError: the index is damaged.
    """
    collection = collection or _collection_above(checkpoint)
    model, docids = checkpoint_search(checkpoint, prefixes_at_a_time)
    texts = _texts(collection, docids)
    systems = {MODEL: model}
    if bm25 is not None:
        systems[BM25] = bm25_search(_index(collection), bm25)
    return Searcher(systems, texts)


def read_queries(query: str, stream: BinaryIO) -> Iterator[str]:
    """The query itself, or for `-` those of a stream, one a line, as they come; empty lines are left out.

    Raises:
        SearchError: there is no query, or a line is not UTF-8.
    """
    if query != "-":
        if not query.strip():
            raise SearchError('query: found no text, expected some, for example "rotate an array"')
        _decoded("query", query.encode("utf-8", "surrogateescape"))
        yield query
        return
    found = False
    for number, line in enumerate(stream, start=1):
        text = _decoded(f"standard input, line {number}", line).strip()
        if text:
            found = True
            yield text
    if not found:
        raise SearchError("standard input: found no query, expected one a line")


def _decoded(origin: str, text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SearchError(
            f"{origin}: found {text[:40]!r}, expected UTF-8 text, for example from iconv -f latin1 -t utf8"
        ) from error


def _collection_above(checkpoint: Path) -> Path:
    for folder in checkpoint.absolute().parents:
        if (folder / "collection" / "documents.parquet").is_file():
            return folder / "collection"
    raise SearchError(
        f"{checkpoint}: found no collection/documents.parquet in a folder above it; expected the checkpoint "
        "inside its study's results, or --collection, for example --collection results/collection"
    )


def _texts(collection: Path, docids: Sequence[str]) -> dict[str, str]:
    path = collection / "documents.parquet"
    if not path.is_file():
        raise SearchError(f"{path}: no such file; expected the documents, docid and text, as parquet")
    frame = read_frame(path, columns=["docid", "text"])
    texts = dict(zip(frame["docid"], frame["text"], strict=True))
    missing = [docid for docid in docids if docid not in texts]
    if missing:
        raise SearchError(
            f"{path}: lacks {len(missing)} of the checkpoint's {len(docids)} documents, for example "
            f"{missing[0]!r}; expected the collection that it was trained on (--collection)"
        )
    return texts


def _index(collection: Path) -> Path:
    manifest = collection / "index" / MANIFEST
    if not manifest.is_file():
        raise SearchError(
            f"{manifest}: no such file, so no BM25; expected the collection's index, for example from "
            f"snakemake --cores 1 {manifest}"
        )
    return verified_index(manifest)
