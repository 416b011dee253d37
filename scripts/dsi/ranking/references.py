"""Reference rankings as runs: BM25's own lists, and the documents in random order."""

from pathlib import Path

import numpy as np
import pandas as pd

from dsi.base.files import replacing
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.evaluation.runs import random_run, write_run


def write_bm25_run(queries: pd.DataFrame, topk: pd.DataFrame, path: Path) -> None:
    """Write BM25's lists of the validation and test queries as a gzipped TREC run.

    Args:
        queries: qid, split.
        topk: qid, rank, docid, score.
    """
    with replacing(path) as temporary:
        write_run(topk[topk["qid"].isin(_evaluated(queries))], temporary, tag="bm25")


def write_random_run(
    queries: pd.DataFrame, documents: pd.DataFrame, depth: int, seed: int, path: Path
) -> None:
    """Write a random permutation for each validation and test query as a gzipped TREC run.

    Args:
        queries: qid, split.
        documents: docid.
        depth: documents per query.
    """
    run = random_run(_evaluated(queries), list(documents["docid"]), depth, np.random.default_rng(seed))
    with replacing(path) as temporary:
        write_run(run, temporary, tag="random")


def _evaluated(queries: pd.DataFrame) -> list[str]:
    return list(queries.loc[queries["split"].isin(EVALUATED_SPLITS), "qid"])
