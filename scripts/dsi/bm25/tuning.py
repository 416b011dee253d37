"""BM25's constants chosen by the mean average precision of the validation queries."""

import logging
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import pandas as pd

from dsi.bm25.lucene import bm25_searcher, searched
from dsi.bm25.parameters import Bm25Parameters
from dsi.evaluation.published_measures import average_precision
from dsi.evaluation.runs import ranked_docids

# From little saturation to much, from no regard for the length to nearly full.
K1 = (0.6, 0.9, 1.5, 2.5)
B = (0.2, 0.4, 0.6, 0.8)
# Documents of a query that its average precision is computed from: most of the time goes into reading hits.
DEPTH = 100

logger = logging.getLogger(__name__)


class Trial(NamedTuple):
    """MAP of the validation queries with these constants."""

    k1: float
    b: float
    map: float


class Tuned(NamedTuple):
    """parameters: the best; trials: all, the default first."""

    parameters: Bm25Parameters
    trials: list[Trial]


def tuned_bm25(
    index: Path, queries: pd.DataFrame, relevant: Mapping[str, set[str]], default: Bm25Parameters
) -> Tuned:
    """The constants of K1 × B, or the default, with the highest MAP; of equal ones the first.

    Args:
        index: its folder.
        queries: qid, text.
        relevant: the relevant docids of those that count.
    """
    judged = queries[queries["qid"].isin(relevant)]
    searcher = bm25_searcher(index, *default)
    trials = []
    for parameters in candidates(default):
        searcher.set_bm25(*parameters)
        value = mean_average_precision(searched(searcher, judged, DEPTH), relevant)
        trials.append(Trial(*parameters, value))
        logger.info("k1 %g, b %g: MAP %.4f", *trials[-1])
    best = max(trials, key=lambda trial: trial.map)  # of equal ones the first
    return Tuned(Bm25Parameters(best.k1, best.b), trials)


def candidates(default: Bm25Parameters) -> list[Bm25Parameters]:
    """The default, then the grid."""
    return list(dict.fromkeys([default, *(Bm25Parameters(k1, b) for k1, b in product(K1, B))]))


def mean_average_precision(run: pd.DataFrame, relevant: Mapping[str, set[str]]) -> float:
    """MAP of the queries that have relevant documents; one that the run lacks counts 0.

    Args:
        run: qid, docid; the best first.
    """
    lists = ranked_docids(run)
    return fmean(average_precision(lists.get(qid, []), sorted(docids)) for qid, docids in relevant.items())
