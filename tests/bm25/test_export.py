"""BM25's tables: their sums are Lucene's own scores; the commands around them."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dsi.base.files import write_json
from dsi.bm25 import lucene
from dsi.bm25.export import exported_bm25
from dsi.bm25.parameters import DEFAULTS
from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.evaluation.runs import read_run
from tests.bm25.conftest import DOCUMENTS

Command = Callable[..., CompletedProcess[str]]
Java = Callable[..., Any]
QUERIES = pd.DataFrame(
    {
        "qid": ["1", "2", "3"],
        "text": ["the graphs graph", "nodes matrix unheard-of", "edge"],
        "split": ["test", "validation", "train"],
    }
)


def test_sparse_product_equals_lucenes_scores(java: Java, index: Path) -> None:
    exported = java(exported_bm25, index / lucene.MANIFEST, DOCUMENTS, QUERIES, DEFAULTS)
    terms = dict(zip(exported.words["word"], exported.words["terms"], strict=True))
    assert terms["nodes"] == ["node"]
    assert terms["the"] == []
    scorer = Bm25Scorer(exported.weights, terms, 3)
    run = java(lucene.search_bm25, index, QUERIES, *DEFAULTS, 10)
    scores = scorer.scores([text.split() for text in QUERIES["text"]])
    for row in run.itertuples():
        ours = scores[int(row.qid) - 1, list(DOCUMENTS["docid"]).index(row.docid)]
        # Anserini rounds to four decimals to make ties comparable.
        assert ours == pytest.approx(row.score, abs=2e-4)
    assert len(run) == np.count_nonzero(scores)
    assert scorer.idf["the"] == 0


def scores_beside_lucenes(
    java: Java, folder: Path, documents: pd.DataFrame, query: str
) -> tuple[dict[str, float], dict[str, float]]:
    """docid → score of those that match: by the sparse product, and by Lucene."""
    java(lucene.build_index, documents, folder)
    write_json(lucene.index_manifest(folder), folder / lucene.MANIFEST)
    queries = pd.DataFrame({"qid": ["1"], "text": [query]})
    exported = java(exported_bm25, folder / lucene.MANIFEST, documents, queries, DEFAULTS)
    terms = dict(zip(exported.words["word"], exported.words["terms"], strict=True))
    row = Bm25Scorer(exported.weights, terms, len(documents)).scores([query.split()])[0]
    ours = {docid: float(score) for docid, score in zip(documents["docid"], row, strict=True) if score}
    run = java(lucene.search_bm25, folder, queries, *DEFAULTS, 10)
    return ours, dict(zip(run["docid"], run["score"].tolist(), strict=True))


@pytest.mark.parametrize(
    "without",
    [["the of and", "of the"], ["", "  "], ["the of", "", "!?", "and"]],
    ids=["stop", "empty", "both"],
)
def test_documents_without_an_index_term_leave_lucenes_scores(
    java: Java, tmp_path: Path, without: list[str]
) -> None:
    """Lucene leaves them out of N and of the average length; Anserini leaves empty ones out of the index."""
    texts = ["graph graph node", "node edge weight", "graph path edge weight", *without]
    documents = pd.DataFrame({"docid": [f"d{number}" for number in range(len(texts))], "text": texts})
    ours, theirs = scores_beside_lucenes(java, tmp_path, documents, "graph")
    assert ours == pytest.approx(theirs, abs=1e-4)
    assert set(theirs) == {"d0", "d2"}


def test_the_commands_write_what_the_library_gives(
    command: Command, java: Java, index: Path, tmp_path: Path
) -> None:
    DOCUMENTS.to_parquet(tmp_path / "documents.parquet")
    QUERIES.to_parquet(tmp_path / "queries.parquet")
    manifest = index / lucene.MANIFEST
    shared = ("--index", manifest, "--queries", tmp_path / "queries.parquet", "--k1", 1.2, "--b", 0.75)
    outputs = ("--weights", tmp_path / "weights.parquet", "--words", tmp_path / "words.parquet")
    done = command("export_bm25", *shared, "--documents", tmp_path / "documents.parquet", *outputs)
    assert done.returncode == 0, done.stderr
    expected = java(exported_bm25, manifest, DOCUMENTS, QUERIES, DEFAULTS._replace(k1=1.2, b=0.75))
    weights = pd.read_parquet(tmp_path / "weights.parquet")
    assert weights["weight"].tolist() == expected.weights["weight"].tolist()
    assert list(pd.read_parquet(tmp_path / "words.parquet")["word"]) == list(expected.words["word"])

    topk = tmp_path / "topk.parquet"
    done = command("search_bm25", *shared, "--depth", 2, "--output", topk)
    assert done.returncode == 0, done.stderr
    assert "0 queries match no document" in done.stderr
    assert pd.read_parquet(topk)["rank"].max() == 2
    # The run is of validation and test queries alone.
    run = tmp_path / "bm25.trec.gz"
    done = command("rank_bm25", "--queries", tmp_path / "queries.parquet", "--topk", topk, "--run", run)
    assert done.returncode == 0, done.stderr
    assert set(read_run(run)["qid"]) == {"1", "2"}


def test_a_damaged_index_is_a_message(command: Command, index: Path, tmp_path: Path) -> None:
    (tmp_path / lucene.MANIFEST).write_bytes((index / lucene.MANIFEST).read_bytes())
    QUERIES.to_parquet(tmp_path / "queries.parquet")
    options = ("--queries", tmp_path / "queries.parquet", "--k1", 0.9, "--b", 0.4, "--depth", 2)
    done = command("search_bm25", "--index", tmp_path / lucene.MANIFEST, *options, "--output", tmp_path / "x")
    assert done.returncode == 1
    assert "found no file, expected" in done.stderr
    assert "Traceback" not in done.stderr
