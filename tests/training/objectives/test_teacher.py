"""The teacher: targets of texts, by hand."""

import tracemalloc
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.training.objectives import teacher as teacher_module
from dsi.training.objectives.teacher import Example, Teacher, relevance_targets
from tests.conftest import TEXTS
from tests.training.conftest import scorer


def teacher(weight: float) -> Teacher:
    return Teacher(scorer(), len(TEXTS), weight, temperature=1.0)


def exponentials(values: Iterable[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.exp(np.asarray(list(values)))


def test_half_of_the_target_is_bm25s() -> None:
    texts = [Example(["shortest", "path"], (3,)), Example(["unheard-of"], (4,))]
    targets = teacher(0.5).targets(texts)
    raised = exponentials(scorer().scores([texts[0].words])[0])
    expected = 0.5 * raised / raised.sum()
    expected[3] += 0.5
    assert targets[0] == pytest.approx(expected, abs=1e-6)
    # A text that BM25 cannot place has only its own document.
    assert targets[1, 4] == 1


def test_a_text_that_nobody_judged_has_bm25s_target_alone() -> None:
    [row] = teacher(0.5).targets([Example(["shortest", "path"], ())])
    raised = exponentials(scorer().scores([["shortest", "path"]])[0])
    assert row == pytest.approx(raised / raised.sum(), abs=1e-6)


def test_bm25_teaches_what_it_finds_if_it_has_a_share() -> None:
    assert teacher(0.5).teaches(["shortest", "path"])
    assert not teacher(0.5).teaches(["unheard-of"])
    assert not teacher(0.0).teaches(["shortest", "path"])


def test_relevant_documents_share_the_target() -> None:
    assert relevance_targets([(1, 3), ()], 4).tolist() == [[0, 0.5, 0, 0.5], [0, 0, 0, 0]]


@pytest.mark.parametrize("weight", [0.3, 0.5, 1.0])
def test_products_are_those_of_float64_without_a_matrix_of_it(weight: float) -> None:
    """Bit for bit (1 - weight) · hard + weight · soft in float64, rounded once."""
    words = " ".join(TEXTS).split()
    texts = [Example(words[first : first + 3], (first % 24,) * (first % 5 > 0)) for first in range(0, 300, 3)]
    hard = relevance_targets([example.relevant for example in texts], 24)
    scores = scorer().scores([example.words for example in texts])
    share = weight * (scores.max(axis=1, keepdims=True) > 0)
    share[[not example.relevant for example in texts]] = 1
    expected = ((1 - share) * hard + share * softmax(scores / 1.0, axis=1)).astype(np.float32)
    assert np.array_equal(teacher(weight).targets(texts), expected)


def test_targets_take_no_more_than_a_few_matrices_of_float32() -> None:
    documents = 100_000
    weights = pd.DataFrame({"document": [0, 7], "term": "a", "weight": [1.0, 2.0], "idf": 1.0})
    large = Teacher(Bm25Scorer(weights, {"a": ["a"]}, documents), documents, 0.3, temperature=1.0)
    texts = [Example(["a"], (3,))] * 16
    tracemalloc.start()
    large.targets(texts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / (4 * len(texts) * documents) < 5


def many_texts() -> list[Example]:
    """Judged and unjudged ones, with documents that BM25 finds and without."""
    words = " ".join(TEXTS).split()
    texts = [Example(words[first : first + 3], (first % 24,) * (first % 5 > 0)) for first in range(0, 90, 3)]
    return [*texts, Example(["unheard-of"], (4, 7)), Example(["unheard-of"], ()), Example([], (2,))]


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("postings", [1, teacher_module.POSTINGS])
def test_sparse_targets_of_few_matches_are_the_dense_ones(
    weight: float, postings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_module, "POSTINGS", postings)
    texts = [example for example in many_texts() if weight or example.relevant]
    found = teacher(weight).sparse_targets(texts).of(slice(0, 24))
    assert found.numpy() == pytest.approx(teacher(weight).targets(texts), abs=1e-6)


def test_behind_the_best_what_is_left_is_spread_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher_module, "TOP", 2)
    words = ["random", "graph", "matrix", "path"]
    [dense] = teacher(0.5).targets([Example(words, (5,))])
    [found] = teacher(0.5).sparse_targets([Example(words, (5,))]).of(slice(0, 24)).numpy()
    hard = np.eye(24)[5] / 2
    best = np.lexsort((np.arange(24), -(dense - hard)))[:2]
    assert np.count_nonzero(scorer().scores([words])) > 2
    others = np.delete(np.arange(24), best)
    assert found[best] == pytest.approx(dense[best], abs=1e-6)
    even = (dense - hard)[others].sum() / 22
    assert (found - hard)[others] == pytest.approx(np.full(22, even), abs=1e-6)
    assert found.sum() == pytest.approx(1, abs=1e-6)


def test_sparse_targets_take_nothing_of_texts_by_documents() -> None:
    documents = 100_000
    weights = pd.DataFrame({"document": [0, 7], "term": "a", "weight": [1.0, 2.0], "idf": 1.0})
    large = Teacher(Bm25Scorer(weights, {"a": ["a"]}, documents), documents, 0.3, temperature=1.0)
    tracemalloc.start()
    large.sparse_targets([Example(["a"], (3,))] * 16)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
