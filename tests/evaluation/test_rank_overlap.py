"""Rank-biased overlap: values worked by hand from equation 32 of Webber et al. (2010), and its definition."""

import random

import pytest

from dsi.evaluation.rank_overlap import overlaps, rank_biased_overlap


@pytest.mark.parametrize(
    ("first", "second", "p", "expected"),
    [
        ("ab", "ab", 0.9, 1.0),
        ("ab", "cd", 0.9, 0.0),
        # X = 0, 2: (1 - p) / p · p² + p² = 0.25 + 0.25
        ("ab", "ba", 0.5, 0.5),
        # X = 0, 1; s = 1, l = 2: 1/2 · p² + (1/2 + 0) · p² = 0.125 + 0.125
        ("a", "ba", 0.5, 0.25),
        # X = 1, 1: p + p²/2 + 1 · 1 / (1 · 2) · p² + (0 + 1) · p² = 0.5 + 0.125 + 0.125 + 0.25
        ("a", "ab", 0.5, 1.0),
        # X = 1, 1, 2: (1 - p) / p · (0.9 + 0.81 / 2 + 0.729 · 2 / 3) + 0.729 · 2 / 3
        ("abc", "axb", 0.9, (0.9 + 0.405 + 0.486) / 9 + 0.486),
        ("", "a", 0.9, 0.0),
        ("", "", 0.9, 1.0),
    ],
)
def test_values_by_hand(first: str, second: str, p: float, expected: float) -> None:
    assert rank_biased_overlap(first, second, p) == pytest.approx(expected)
    assert rank_biased_overlap(second, first, p) == pytest.approx(expected)


def test_lists_of_different_lengths_follow_the_definition() -> None:
    """Equation 32, term by term, with the overlap counted anew at every depth."""
    rng = random.Random(1)
    for _ in range(50):
        s, depth = sorted(rng.sample(range(1, 40), 2))
        short, long = rng.sample(range(60), s), rng.sample(range(60), depth)
        x = {d: len(set(short[:d]) & set(long[:d])) for d in range(1, depth + 1)}
        p = 0.9
        known = sum(x[d] / d * p**d for d in range(1, depth + 1))
        beyond = sum(x[s] * (d - s) / (s * d) * p**d for d in range(s + 1, depth + 1))
        expected = (1 - p) / p * (known + beyond) + ((x[depth] - x[s]) / depth + x[s] / s) * p**depth
        names = [list(map(str, numbers)) for numbers in (short, long)]
        assert rank_biased_overlap(*names) == pytest.approx(expected)


def test_queries_are_those_of_the_dense_run() -> None:
    assert overlaps({"1": ["a"], "3": ["a"]}, {"1": ["a"], "2": ["b"]}) == {"1": 1.0, "2": 0.0}
