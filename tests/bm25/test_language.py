"""Indexes of other languages: one analyser for documents, queries and words, stated in the manifest."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dsi.bm25 import lucene
from dsi.bm25.export import exported_bm25
from dsi.bm25.parameters import DEFAULTS
from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.collection.index_folder import make_index

Java = Callable[..., Any]
TEXTS = {
    "ru": ["Теория графов изучает свойства графов", "Матрицы и векторы", "Свойство матрицы"],
    "zh": ["图论是数学的一个分支，研究图。", "矩阵和向量是数学", "论文研究"],
    "ja": ["グラフ理論はコンピュータ科学の一分野", "行列の理論", "関西国際空港に行く"],
    "ar": ["نظرية المخططات هي دراسة", "المخططات", "دراسة النظرية"],
    "en": ["图论是数学的一个分支，研究图。", "矩阵和向量是数学", "论文研究"],
}
QUERIES = {
    "ru": ["графы", "матрица свойство"],
    "zh": ["图论研究", "数学 矩阵"],
    "ja": ["グラフ理論", "国際空港 行列"],
    "ar": ["مخطط", "دراسات"],
    "en": ["图论研究", "数学 矩阵"],
}


@pytest.mark.parametrize("language", list(TEXTS))
def test_sums_of_weights_are_lucenes_scores(java: Java, tmp_path: Path, language: str) -> None:
    documents = pd.DataFrame({"docid": ["a", "b", "c"], "text": TEXTS[language]})
    queries = pd.DataFrame({"qid": ["0", "1"], "text": QUERIES[language]})
    manifest = tmp_path / "index" / lucene.MANIFEST
    java(make_index, documents, manifest, language)
    stated = json.loads(manifest.read_text(encoding="utf-8"))
    assert stated.get("language", "en") == language
    assert ("language" in stated) == (language != "en")
    exported = java(exported_bm25, manifest, documents, queries, DEFAULTS)
    terms = dict(zip(exported.words["word"], exported.words["terms"], strict=True))
    scores = Bm25Scorer(exported.weights, terms, 3).scores([text.split() for text in queries["text"]])
    run = java(lucene.search_bm25, manifest.parent, queries, *DEFAULTS, 10)
    assert len(run) == np.count_nonzero(scores) > 0
    for row in run.itertuples():
        assert scores[int(row.qid), "abc".index(row.docid)] == pytest.approx(row.score, abs=2e-4)


def test_words_of_queries_have_the_terms_of_the_language(java: Java, tmp_path: Path) -> None:
    documents = pd.DataFrame({"docid": ["a", "b", "c"], "text": TEXTS["zh"]})
    manifest = tmp_path / "index" / lucene.MANIFEST
    java(make_index, documents, manifest, "zh")
    assert java(lucene.analyse_words, manifest.parent, ["图论研", "图"]) == {
        "图论研": ["图论", "论研"],
        "图": ["图"],
    }


def test_a_language_that_this_java_lacks_is_refused(
    command: Callable[..., CompletedProcess[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    documents = tmp_path / "documents.parquet"
    pd.DataFrame({"docid": ["a"], "text": ["กราฟ"]}).to_parquet(documents)
    manifest = tmp_path / "index" / "manifest.json"
    done = command("build_index", "--documents", documents, "--language", "th", "--manifest", manifest)
    assert done.returncode == 1
    assert "error: language 'th': found no analyser (JVM exception" in done.stderr.splitlines()[-1]
    assert not manifest.parent.exists()
