"""Look-up in training queries: those most like a query vote with their relevant documents. No network.

How far memory of answers alone goes: a document that no training query has is never found.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.bm25.lucene import search_bm25
from dsi.bm25.parameters import Bm25Parameters
from dsi.bm25.tuning import mean_average_precision
from dsi.evaluation.runs import ranked

NEIGHBOURS = 20
WEIGHTS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9)  # of the look-up; of equally good ones the first

logger = logging.getLogger(__name__)


class Weighed(NamedTuple):
    """weight: of the look-up's scores, 1 - weight of BM25's; map: by weight, of the validation queries."""

    weight: float
    map: Mapping[float, float]


def nearest_queries(index: Path, queries: pd.DataFrame, bm25: Bm25Parameters) -> pd.DataFrame:
    """The NEIGHBOURS training queries most like each query, by BM25: qid, neighbour, score.

    Args:
        index: folder of an index whose documents are the training queries, their qids as docids.
        queries: qid, text.
    """
    found = search_bm25(index, queries, *bm25, NEIGHBOURS)
    return found.rename(columns={"docid": "neighbour"})[["qid", "neighbour", "score"]]


def votes(neighbours: pd.DataFrame, relevant: Mapping[str, set[str]], depth: int) -> pd.DataFrame:
    """Each neighbour votes for its relevant documents with its score: qid, rank, docid, score to `depth`.

    Args:
        neighbours: qid, neighbour, score.
        relevant: training qid → docids.
    """
    pairs = [(qid, docid) for qid, docids in relevant.items() for docid in sorted(docids)]
    cast = neighbours.merge(pd.DataFrame(pairs, columns=["neighbour", "docid"]), on="neighbour")
    # 64-bit sums: those of 32 bits would depend on the order of the neighbours.
    sums = cast.astype({"score": np.float64}).groupby(["qid", "docid"], sort=True)["score"].sum()
    run = ranked(sums.reset_index())
    return run[run["rank"] <= depth].reset_index(drop=True)


def normalised(run: pd.DataFrame) -> pd.DataFrame:
    """Scores from 0 (a list's last) to 1 (its first): qid, docid, score; 1 where all of a list are equal."""
    score = run["score"].astype(np.float64)
    by_query = score.groupby(run["qid"])
    low, high = by_query.transform("min"), by_query.transform("max")
    span = (high - low).where(high > low, 1.0)
    return run[["qid", "docid"]].assign(score=((score - low) / span).where(high > low, 1.0))


def added(first: pd.DataFrame, second: pd.DataFrame, weight: float, depth: int) -> pd.DataFrame:
    """weight · first + (1 - weight) · second, both normalised; a document that a list lacks has 0 there.

    Args:
        first, second: runs: qid, docid, score.
    """
    parts = (normalised(first), normalised(second))
    shares = [
        part.assign(score=part["score"] * share)
        for part, share in zip(parts, (weight, 1 - weight), strict=True)
    ]
    sums = pd.concat(shares).groupby(["qid", "docid"], sort=True)["score"].sum()
    run = ranked(sums.reset_index())
    return run[run["rank"] <= depth].reset_index(drop=True)


def weighed(
    lookup: pd.DataFrame, bm25: pd.DataFrame, relevant: Mapping[str, set[str]], depth: int
) -> Weighed:
    """The weight of WEIGHTS with the highest MAP; without judged queries the first of them, 0.5.

    Args:
        lookup, bm25: runs of the validation queries.
        relevant: their relevant docids.
    """
    if not relevant:
        return Weighed(WEIGHTS[0], {})
    values = {
        weight: mean_average_precision(added(lookup, bm25, weight, depth), relevant) for weight in WEIGHTS
    }
    logger.info(
        "MAP by the weight of the look-up: %s", {name: round(values[name], 4) for name in sorted(values)}
    )
    return Weighed(max(WEIGHTS, key=values.__getitem__), values)
