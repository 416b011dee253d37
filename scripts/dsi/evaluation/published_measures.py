"""The published study's measures of generated lists, exactly as published and by their definitions.

P is the list of ids that a model generated, T the list of the K targets, D BM25's list to depth 1000. As
published, an id hits when it is a *substring* of T written as "id1 id2 … idK"; the average runs over the
hits only; queries are averaged within batches before batches are. By definition, an id hits when it is a
target, a repeated id counts at its first place, and the sum is divided by the number of targets.
Source: the study's notebook, restated in docs/method/reproduction.md.
"""

import math
from collections.abc import Sequence
from statistics import fmean

import pandas as pd

RECALL_DEPTH = 1000
DIGITS = 5  # to which the study rounds
PUBLISHED = ("MAP-published", "R@1000-published", "loss-published")
DEFINED = ("MAP-defined", "R@1000-defined", "R@1000-ceiling")
PER_QUERY = (*PUBLISHED, *DEFINED)
STUDY_MEASURES = (*PER_QUERY, "repeated", "queries", "queries-hit")


def published_average_precision(generated: Sequence[str], targets: Sequence[str]) -> float:
    """AP as published: over positions whose id is a substring of T, the mean precision; 0 without any.

    The precision at n is |set(P[:n]) ∩ set(T)| / n: of ids, not of substrings. From 0 to 1.
    """
    text, wanted = " ".join(targets), set(targets)
    found: set[str] = set()
    precisions = []
    for n, docid in enumerate(generated, start=1):
        if docid in wanted:
            found.add(docid)
        if docid in text:
            precisions.append(len(found) / n)
    return fmean(precisions) if precisions else 0.0


def published_recall(generated: Sequence[str], relevant: Sequence[str]) -> float:
    """Recall@1000 as published: |set(P[:1000]) ∩ set(D)| / |D|; 0 where BM25 found nothing."""
    return len(set(generated[:RECALL_DEPTH]) & set(relevant)) / len(relevant) if relevant else 0.0


def published_mean(values: Sequence[float], batch_size: int) -> float:
    """As the study reports a measure or the loss: `mean_of_batch_means`, rounded to 5 digits."""
    return round(mean_of_batch_means(values, batch_size), DIGITS)


def mean_of_batch_means(values: Sequence[float], batch_size: int) -> float:
    """Queries averaged within batches, then the batches, of which the last may be smaller."""
    return fmean(fmean(values[first : first + batch_size]) for first in range(0, len(values), batch_size))


def average_precision(generated: Sequence[str], targets: Sequence[str]) -> float:
    """AP by definition: repeated ids removed, the sum of precisions divided by the number of targets."""
    wanted = set(targets)
    hits, total = 0, 0.0
    for rank, docid in enumerate(dict.fromkeys(generated), start=1):
        if docid in wanted:
            hits += 1
            total += hits / rank
    return total / len(wanted) if wanted else 0.0


def recall(generated: Sequence[str], relevant: Sequence[str]) -> float:
    """Recall@1000 by definition: repeated ids removed *before* the cut at 1000."""
    return published_recall(list(dict.fromkeys(generated)), relevant)


def recall_ceiling(k: int, relevant: Sequence[str]) -> float:
    """The highest Recall@1000 that a list of K ids can have: min(K, |D|) / |D|."""
    return min(k, len(relevant)) / len(relevant) if relevant else 0.0


def query_measures(outputs: pd.DataFrame, topk: pd.DataFrame, k: int) -> pd.DataFrame:
    """The study's measures of each query, in the order of `outputs`.

    Args:
        outputs: qid, padded_loss, k_list, full_list (see dsi.ranking.lists).
        topk: qid, rank, docid to depth 1000, of at least these queries.
        k: ids in a target list.

    Returns:
        qid and PER_QUERY; those by definition are NaN where BM25 found nothing.
    """
    lists = _lists_of(topk[topk["qid"].isin(outputs["qid"])])
    columns = (outputs[name] for name in ("qid", "padded_loss", "k_list", "full_list"))
    rows = []
    for qid, loss, k_list, full_list in zip(*columns, strict=True):
        relevant = lists.get(qid, [])[:RECALL_DEPTH]
        targets, short, full = relevant[:k], k_list.split(), full_list.split()
        rows.append(
            (
                qid,
                published_average_precision(short, targets),
                published_recall(full, relevant),
                loss,
                average_precision(short, targets) if relevant else math.nan,
                recall(full, relevant) if relevant else math.nan,
                recall_ceiling(k, relevant) if relevant else math.nan,
            )
        )
    return pd.DataFrame(rows, columns=["qid", *PER_QUERY])


def study_measures(outputs: pd.DataFrame, topk: pd.DataFrame, k: int, batch_size: int) -> dict[str, float]:
    """`study_means` of the queries of one split; arguments as for it and for `query_measures`."""
    return study_means(query_measures(outputs, topk, k), outputs, batch_size)


def study_means(values: pd.DataFrame, outputs: pd.DataFrame, batch_size: int) -> dict[str, float]:
    """The study's measures of the queries of one split.

    Args:
        values: what `query_measures` returns of the outputs, which are not empty and in the order of batches.
        batch_size: queries in a batch.

    Returns:
        STUDY_MEASURES. As published and rounded: MAP, Recall@1000, and the loss in nats per position,
        padding counted. By definition, means over the queries for which BM25 found something: MAP,
        Recall@1000, and the latter's ceiling for lists of K ids (MAP's is 1). `repeated`: share of the
        generated ids that repeat an earlier one of their list. `queries`: how many there are;
        `queries-hit`: in how many of their lists stands a target.
    """
    found = values.dropna(subset=list(DEFINED))
    full = [text.split() for text in outputs["full_list"]]
    generated, distinct = sum(map(len, full)), sum(len(set(ids)) for ids in full)
    return {
        **{name: published_mean(values[name].tolist(), batch_size) for name in PUBLISHED},
        **{name: fmean(found[name]) if len(found) else 0.0 for name in DEFINED},
        "repeated": (generated - distinct) / generated if generated else 0.0,
        "queries": len(outputs),
        "queries-hit": int((found["MAP-defined"] > 0).sum()),
    }


def _lists_of(topk: pd.DataFrame) -> dict[str, list[str]]:
    """qid → docids, first rank first."""
    ordered = topk.sort_values("rank", kind="stable")
    lists: dict[str, list[str]] = {}
    # Through object arrays: iterating Arrow strings one by one is ten times slower.
    for qid, docid in zip(*(ordered[name].to_numpy(dtype=object) for name in ("qid", "docid")), strict=True):
        lists.setdefault(qid, []).append(docid)
    return lists
