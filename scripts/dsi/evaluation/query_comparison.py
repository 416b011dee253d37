"""Two systems side by side, query by query: where does one of them fail?"""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

MEASURE = "MAP"
# Upper ends of the groups that means are shown of, by column; a group holds its upper end.
BINS = {"words": (0, 10, 20, 1000), "relevant": (0, 5, 15, 100_000)}


class UnknownSystemError(ValueError):
    """There are no values of a system; the message names the file that is missing."""


def average_precision(results: Path, system: str, split: str) -> "pd.Series[float]":
    """By qid, as `evaluate` wrote it into a study's results.

    Raises:
        UnknownSystemError: the system was not evaluated.
    """
    path = results / f"metrics/{system}.per_query.parquet"
    if not path.is_file():
        raise UnknownSystemError(
            f"{path}: not found; expected a system under {results}/metrics, for example bm25"
        )
    frame = pd.read_parquet(path, filters=[("measure", "==", MEASURE), ("split", "==", split)])
    return frame.set_index("qid")["value"]


def compare_queries(results: Path, system: str, other: str, split: str, relevance: int) -> pd.DataFrame:
    """What `compared` gives of two evaluated systems of a study.

    Args:
        relevance: the lowest relevant grade.

    Raises:
        UnknownSystemError: one of them was not evaluated.
    """
    first, second = (average_precision(results, name, split) for name in (system, other))
    queries = pd.read_parquet(results / "collection/queries.parquet").set_index("qid")
    qrels = pd.read_parquet(results / "collection/qrels.parquet")
    return compared(first, second, queries["text"], qrels[qrels["grade"] >= relevance])


def compared(
    first: "pd.Series[float]", second: "pd.Series[float]", texts: "pd.Series[str]", qrels: pd.DataFrame
) -> pd.DataFrame:
    """A row per query that both have: first, second, difference, text, words, relevant.

    Args:
        first, second: average precision by qid.
        texts: by qid.
        qrels: relevant judgements: qid, docid.
    """
    table = pd.DataFrame({"first": first, "second": second}).dropna()
    table["difference"] = table["first"] - table["second"]
    table["text"] = texts
    table["words"] = table["text"].map(lambda text: len(text.split()))
    table["relevant"] = qrels.groupby("qid").size()
    return table


def by_bin(table: pd.DataFrame, column: str, bins: Sequence[int]) -> pd.DataFrame:
    """Means of both systems, their ratio and the number of queries; bins hold their upper end.

    The ratio is missing where the second system finds nothing.
    """
    groups = table.groupby(pd.cut(table[column], list(bins)), observed=True)
    means = groups[["first", "second"]].mean()
    return means.assign(
        ratio=means["first"] / means["second"].replace(0, math.nan), queries=groups.size()
    ).round(3)
