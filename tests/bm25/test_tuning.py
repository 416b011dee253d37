"""BM25's constants chosen on validation queries."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.bm25.parameters import DEFAULTS, Bm25Parameters
from dsi.bm25.tuning import K1, B, candidates, mean_average_precision, tuned_bm25

Java = Callable[..., Any]


def test_the_default_comes_first_and_once() -> None:
    assert candidates(DEFAULTS)[0] == DEFAULTS
    assert len(candidates(DEFAULTS)) == len(K1) * len(B)
    assert len(candidates(Bm25Parameters(1.1, 0.3))) == len(K1) * len(B) + 1


def test_the_better_constants_win_and_the_default_among_equals(java: Java, index: Path) -> None:
    """c has graph 60 times among 105 words, a twice among three."""
    queries = pd.DataFrame({"qid": ["1", "2"], "text": ["graph", "matrix"]})
    long, short = (java(tuned_bm25, index, queries, {"1": {docid}}, DEFAULTS) for docid in "ca")
    best = max(trial.map for trial in long.trials)
    assert best == 1.0
    assert next(trial for trial in long.trials if trial.map == best)[:2] == long.parameters
    assert long.trials[0].map < 1 or long.parameters == DEFAULTS
    assert {trial.map for trial in long.trials} | {trial.map for trial in short.trials} == {0.5, 1.0}
    only = java(tuned_bm25, index, queries, {"2": {"c"}}, DEFAULTS)
    assert only.parameters == DEFAULTS


def test_map_counts_a_query_without_a_list_as_0() -> None:
    run = pd.DataFrame([("1", "a"), ("1", "b")], columns=["qid", "docid"])
    assert mean_average_precision(run, {"1": {"b"}, "2": {"a"}}) == pytest.approx(0.25)
