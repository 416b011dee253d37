"""Prefixes of a chunk: some of them, and where each query lies."""

import numpy as np

from dsi.ranking.frontier import Frontier, Span, query_spans


def test_some_prefixes_in_another_order() -> None:
    numbers = np.arange(4)
    frontier = Frontier(numbers, numbers + 10, numbers.astype(np.float32) / 2, numbers + 20)
    some = frontier.take(np.array([2, 0]))
    assert [field.tolist() for field in some] == [[2, 0], [12, 10], [1, 0], [22, 20]]


def test_each_query_is_one_span() -> None:
    assert query_spans(np.array([0, 0, 3, 5, 5])) == [Span(0, 0, 2), Span(3, 2, 3), Span(5, 3, 5)]
    assert query_spans(np.array([], dtype=np.int64)) == []
