"""RM3 wherever the documents are stored: as vectors, as JSON, or not at all in the index."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.bm25 import lucene
from dsi.bm25.parameters import DEFAULTS
from dsi.bm25.rm3 import search_rm3

Java = Callable[..., Any]
# What is asked for stands in d0 alone; words of d0 stand in d1, too. The others are there so that no word is
# in more than a tenth of all documents, which RM3 would leave out.
TEXTS = ["quark gluon plasma", "gluon plasma heat", *(f"word{number} filler{number}" for number in range(40))]
DOCUMENTS = pd.DataFrame({"docid": [f"d{number}" for number in range(len(TEXTS))], "text": TEXTS})
QUERIES = pd.DataFrame({"qid": ["1", "2"], "text": ["quark", "absent"]})


def build_with(option: str, folder: Path) -> None:
    """An index without vectors that stores the documents otherwise."""
    lucene.start_jvm()
    from pyserini.index.lucene import LuceneIndexer

    indexer = LuceneIndexer(str(folder), args=["-index", str(folder), option], threads=1)
    for docid, text in zip(DOCUMENTS["docid"], DOCUMENTS["text"], strict=True):
        indexer.add_doc_dict({"id": docid, "contents": text})
    indexer.close()


@pytest.mark.parametrize("stored", ["-storeDocvectors", "-storeRaw", "-storeContents"])
def test_a_document_is_found_by_the_words_of_another(java: Java, tmp_path: Path, stored: str) -> None:
    java(build_with, stored, tmp_path)
    without = java(lucene.search_bm25, tmp_path, QUERIES, *DEFAULTS, 10)
    assert list(without["docid"]) == ["d0"]
    found = java(search_rm3, tmp_path, DOCUMENTS, QUERIES, DEFAULTS, 10)
    assert list(found["qid"]) == ["1", "1"]
    assert list(found["docid"]) == ["d0", "d1"]


def test_words_of_other_scripts_expand_a_query(java: Java, tmp_path: Path) -> None:
    """Anserini's filter of terms keeps a–z alone: with it, Chinese queries would get nothing."""
    texts = ["夸克胶子等离子体", "胶子等离子体加热", *(f"测试{number}" for number in range(40))]
    documents = DOCUMENTS.assign(text=texts)
    java(lucene.build_index, documents, tmp_path, "zh")
    manifest = lucene.index_manifest(tmp_path, "zh")
    (tmp_path / lucene.MANIFEST).write_text(json.dumps(manifest))
    queries = pd.DataFrame({"qid": ["1"], "text": ["夸克"]})
    found = java(search_rm3, tmp_path, documents, queries, DEFAULTS, 10)
    assert list(found["docid"]) == ["d0", "d1"]
