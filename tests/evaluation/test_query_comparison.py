"""Two systems query by query: bins by hand."""

import pandas as pd

from dsi.evaluation.query_comparison import by_bin, compared

TEXTS = pd.Series({"a": "one", "b": "one two three", "c": "one two three four"})
A = pd.Series({"a": 0.4, "b": 0.25, "c": 0.8})
B = pd.Series({"a": 0.2, "b": 0.5, "c": 0.1})


def test_bins_by_hand() -> None:
    table = compared(A, B, TEXTS, pd.Series({"a": 2, "b": 1, "c": 0}))
    assert list(table["words"]) == [1, 3, 4]
    assert list(table["relevant"]) == [2, 1, 0]
    assert list(table["difference"].round(6)) == [-0.2, 0.25, -0.7]
    bins = by_bin(table, "words", [0, 3, 10])
    assert bins["b"].tolist() == [0.35, 0.1]
    assert bins["a"].tolist() == [0.325, 0.8]
    assert bins["ratio"].tolist() == [1.077, 0.125]
    assert bins["queries"].tolist() == [2, 1]
    # No number of times as good as one that finds nothing.
    assert by_bin(table.assign(a=0.0), "words", [0, 3, 10])["ratio"].isna().all()
