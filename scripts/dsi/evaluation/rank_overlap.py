"""How alike two ranked lists are: rank-biased overlap (Webber, Moffat and Zobel 2010).

A reader goes on from each rank to the next with probability p; RBO is the expected share of documents that
both lists have down to where the reader stops. Beyond what is known the agreement is taken to stay as it is
(RBO_ext, their equation 32). With p = 0.9 the first 10 ranks have 86 % of the weight.
"""

from collections.abc import Mapping, Sequence

import numpy as np

P = 0.9


def rank_biased_overlap(first: Sequence[str], second: Sequence[str], p: float = P) -> float:
    """RBO_ext of two lists without repeated documents, from 0 (nothing in common) to 1 (the same list).

    An empty list has nothing in common with any other; two empty ones are the same.

    Args:
        first, second: docids, the best first; they may differ in length.
    """
    short, long = sorted((first, second), key=len)
    s, depth = len(short), len(long)
    if not s:
        return float(not depth)
    place = {docid: rank for rank, docid in enumerate(long, start=1)}
    # The rank from which on a document is in both.
    met = [max(rank, place[docid]) for rank, docid in enumerate(short, start=1) if docid in place]
    overlap = np.cumsum(np.bincount(met, minlength=depth + 1)[1:])  # (depth,): X_d of their paper
    ranks = np.arange(1, depth + 1)
    agreement = overlap / ranks
    beyond = np.maximum(ranks - s, 0)
    agreement = agreement + overlap[s - 1] * beyond / (s * ranks)
    known = (1 - p) / p * float(agreement @ p**ranks)
    return known + p**depth * float((overlap[-1] - overlap[s - 1]) / depth + overlap[s - 1] / s)


def overlaps(rankings: Mapping[str, Sequence[str]], dense: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """qid → RBO_ext with the dense list, of each query that has one; 0 where the ranking has none."""
    return {qid: rank_biased_overlap(rankings.get(qid, ()), docids) for qid, docids in dense.items()}
