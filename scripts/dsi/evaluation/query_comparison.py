"""Two systems side by side, query by query: where does one of them fail?"""

import math
from collections.abc import Sequence

import pandas as pd

# Upper ends of the groups that means are shown of, by column; a group holds its upper end.
BINS = {"words": (0, 10, 20, 1000), "relevant": (0, 5, 15, 100_000)}


def compared(
    a: "pd.Series[float]", b: "pd.Series[float]", texts: "pd.Series[str]", relevant: "pd.Series[int]"
) -> pd.DataFrame:
    """A row per query that both have: a, b, difference (b minus a), text, words, relevant.

    Args:
        a, b: values of a measure by qid.
        texts: by qid.
        relevant: how many relevant documents a query has, by qid.
    """
    table = pd.DataFrame({"a": a, "b": b}).dropna()
    table["difference"] = table["b"] - table["a"]
    table["text"] = texts
    table["words"] = table["text"].map(lambda text: len(text.split()))
    table["relevant"] = relevant
    return table


def by_bin(table: pd.DataFrame, column: str, bins: Sequence[int]) -> pd.DataFrame:
    """Means of both systems, their ratio b / a and the number of queries; bins hold their upper end.

    The ratio is missing where a finds nothing.
    """
    groups = table.groupby(pd.cut(table[column], list(bins)), observed=True)
    means = groups[["a", "b"]].mean()
    return means.assign(ratio=means["b"] / means["a"].replace(0, math.nan), queries=groups.size()).round(3)
