"""RM3: the query expanded by words of the documents that BM25 finds first (Abdul-Jaleel et al. 2004).

Anserini's, with its defaults: of the first 10 documents the 10 most telling terms, which weigh as much as
the query's own. It reads the documents' term vectors; where an index has none, its raw JSON; where there is
neither, an index of the same documents that is made for the purpose.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.files import write_json
from dsi.bm25.lucene import ENGLISH, MANIFEST, bm25_searcher, build_index, index_language, index_manifest
from dsi.bm25.lucene import searched as searched_by
from dsi.bm25.parameters import Bm25Parameters


class Rm3Parameters(NamedTuple):
    """terms: added to a query; documents: which they come from; original: weight of the query's own terms."""

    terms: int = 10
    documents: int = 10
    original: float = 0.5


RM3 = Rm3Parameters()


def search_rm3(
    index: Path,
    documents: pd.DataFrame,
    queries: pd.DataFrame,
    bm25: Bm25Parameters,
    depth: int,
) -> pd.DataFrame:
    """The ranked list of each query after its expansion: qid, rank, docid, score, as of `search_bm25`.

    Args:
        index: its folder.
        documents: those of the index, docid and text; read only where it has neither vectors nor raw JSON.
        queries: qid, text.
    """
    searcher = bm25_searcher(index, *bm25)
    language = index_language(index)
    stored = _stored(searcher)
    if stored is not None:
        return searched_by(_expanding(searcher, stored, language), queries, depth)
    with temporary_index(documents, language) as folder:
        searcher = bm25_searcher(folder, *bm25)
        return searched_by(_expanding(searcher, "vectors", language), queries, depth)


@contextmanager
def temporary_index(documents: pd.DataFrame, language: str) -> Iterator[Path]:
    """An index of documents (docid, text) in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build_index(documents, folder, language)
        write_json(index_manifest(folder, language), folder / MANIFEST)
        yield folder


def _stored(searcher: Any) -> str | None:
    """What an index has of its documents that RM3 can read: vectors, or JSON with contents; else None."""
    if searcher.num_docs == 0 or searcher.object.reader.getTermVectors(0) is not None:
        return "vectors"
    raw = searcher.doc(0).raw()
    try:
        record = json.loads(raw) if raw is not None else None
    except json.JSONDecodeError:
        return None
    return "json" if isinstance(record, dict) and isinstance(record.get("contents"), str) else None


def _expanding(searcher: Any, stored: str, language: str) -> Any:
    """The same searcher, set to expand queries.

    Pyserini's set_rm3 knows how to read an index without vectors by its name alone; and Anserini's filter of
    terms keeps a–z and digits only, which would drop every word of Chinese.
    """
    reader = None if stored == "vectors" else "JsonCollection"
    searcher.object.set_rm3(reader, *RM3, False, language == ENGLISH)
    return searcher
