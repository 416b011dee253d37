"""The documents of an index: ids and texts are checked as those of files."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest

from dsi.base.files import write_json
from dsi.bm25 import lucene


def stored_index(docids: list[str], folder: Path, option: str = "-storeContents") -> None:
    """An index that stores its texts, as `build_index` does not."""
    lucene.start_jvm()
    from pyserini.index.lucene import LuceneIndexer

    indexer = LuceneIndexer(str(folder), args=["-index", str(folder), option], threads=1)
    for docid in docids:
        indexer.add_doc_dict({"id": docid, "contents": "-- …" if docid.startswith("blank") else "a graph"})
    indexer.close()
    write_json(lucene.index_manifest(folder), folder / lucene.MANIFEST)


@pytest.mark.parametrize(
    ("docids", "message"),
    [
        (["b", "a"], ""),
        (["a", "a graph"], "an index: found the docid 'a graph', expected one without white space"),
        (["a", "blank1", "blank2"], "2 of 3 documents have no usable word, for example 'blank1'"),
        (["a", "b", "a"], "index: found docid 'a' twice, expected every docid once"),
    ],
)
def test_documents_of_an_index(
    java: Callable[..., None],
    command: Callable[..., CompletedProcess[str]],
    tmp_path: Path,
    docids: list[str],
    message: str,
) -> None:
    java(stored_index, docids, tmp_path / "index")
    output = tmp_path / "documents.parquet"
    done = command("export_documents", "--index", tmp_path / "index" / lucene.MANIFEST, "--output", output)
    assert output.exists() == (not message)
    if message:
        assert message in done.stderr.splitlines()[-1]
    else:
        assert list(pd.read_parquet(output)["docid"]) == sorted(docids)


def test_documents_that_are_stored_as_raw_json_are_their_texts(
    java: Callable[..., None], command: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    java(stored_index, ["b", "a"], tmp_path / "index", "-storeRaw")
    output = tmp_path / "documents.parquet"
    command("export_documents", "--index", tmp_path / "index" / lucene.MANIFEST, "--output", output)
    assert pd.read_parquet(output).to_numpy().tolist() == [["a", "a graph"], ["b", "a graph"]]
