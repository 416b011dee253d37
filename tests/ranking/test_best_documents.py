"""The best k documents while a trie is searched: threshold, ties and passes."""

import numpy as np

from dsi.ranking.best_documents import BestDocuments
from dsi.ranking.frontier import Frontier

# Documents 0 … 3; of equal scores document 3 comes first.
PLACE = np.array([3, 2, 1, 0])


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def chunk(query: list[int], score: np.ndarray) -> Frontier:
    zeros = np.zeros(len(query), dtype=np.int64)
    return Frontier(np.array(query), zeros, score, zeros)


def test_the_threshold_is_the_score_of_the_kth_document() -> None:
    best = BestDocuments(2, 2, PLACE)
    assert best.threshold.tolist() == [-np.inf, -np.inf]
    best.add(np.array([0, 1, 1]), np.array([2, 0, 1]), scores(-5, -1, -3))
    assert best.threshold.tolist() == [-np.inf, -3]
    best.add(np.array([0, 1]), np.array([3, 2]), scores(-0.5, -2))
    assert best.threshold.tolist() == [-5, -2]


def test_equal_scores_stand_by_place_and_zero_is_the_best() -> None:
    best = BestDocuments(1, 3, PLACE)
    best.add(np.array([0] * 4), np.arange(4), scores(-1, 0, -1, -1))
    best.count_passes(chunk([0], scores(0)))
    ranking = best.ranking()
    assert ranking.documents.tolist() == [[1, 3, 2]]
    assert ranking.scores.tolist() == [[0, -1, -1]]
    assert not np.signbit(ranking.scores[0, 0])


def test_passes_that_any_search_needs_are_as_likely_as_the_kth_document() -> None:
    best = BestDocuments(2, 1, PLACE)
    best.count_passes(chunk([0, 1], scores(0, 0)))
    best.count_passes(chunk([0, 0, 1], scores(-1, -3, -2)))
    best.add(np.array([0, 1]), np.array([0, 1]), scores(-2, -2))
    ranking = best.ranking()
    assert ranking.passes.tolist() == [3, 2]
    assert ranking.needed.tolist() == [2, 2]
