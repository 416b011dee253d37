"""Measures of a ranking, by hand and against those of all scores."""

import numpy as np

from dsi.ranking.scores import measures_of_ranking, measures_of_scores


def test_measures_of_a_ranking_are_those_of_the_scores() -> None:
    scores = np.random.default_rng(1).normal(size=(5, 30)).astype(np.float32)
    relevant = [(1,), (2, 29), (3, 4, 5), (0,), (7, 8)]
    order = np.argsort(-scores, axis=1)
    assert measures_of_ranking(order, relevant) == measures_of_scores(scores, relevant)
    # Found at rank 2, and one of two beyond the depth: (1/2)/2.
    assert measures_of_ranking(np.array([[4, 9]]), [(9, 5)])["MAP"] == 0.25
