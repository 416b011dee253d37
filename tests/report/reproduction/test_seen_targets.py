"""How much of what a test query asks for occurs in training."""

import math

import pandas as pd

from dsi.report.reproduction.seen_targets import seen_section, seen_targets


def collection() -> dict[str, pd.DataFrame]:
    """K = 2. Training targets: a, b, c. Test: t1 a x, t2 b c, t3 x y, t4 nothing found.

    Judged relevant: d for the training query and t1, e (grade 0) for it and t2, f for t3 alone.
    """
    lists = {"r1": "a b z", "r2": "c", "v1": "x y", "t1": "a x", "t2": "b c", "t3": "x y a"}
    ranks = [(qid, n, docid) for qid, ids in lists.items() for n, docid in enumerate(ids.split(), start=1)]
    grades = [("r1", "d", 1), ("r1", "e", 0), ("t1", "d", 1), ("t2", "e", 1), ("t3", "f", 1), ("t3", "d", 0)]
    splits = {"r": "train", "v": "validation", "t": "test"}
    qids = ["r1", "r2", "v1", "t1", "t2", "t3", "t4"]
    return {
        "queries": pd.DataFrame({"qid": qids, "split": [splits[qid[0]] for qid in qids]}),
        "topk": pd.DataFrame(ranks, columns=["qid", "rank", "docid"]),
        "qrels": pd.DataFrame(grades, columns=["qid", "docid", "grade"]),
    }


def test_seen_targets_by_hand() -> None:
    seen = seen_targets(**collection(), k=2, relevance=1)
    assert list(seen["qid"]) == ["t1", "t2", "t3", "t4"]
    assert list(seen["share"][:3]) == [0.5, 1, 0]
    assert math.isnan(seen["share"][3])
    assert list(seen["relevant"]) == [True, True, True, False]
    assert list(seen["relevant_seen"]) == [True, False, False, False]
    # Grade 0 counts as relevant now: e is, for r1 and t2, and d for t3.
    assert list(seen_targets(**collection(), k=2, relevance=0)["relevant_seen"]) == [True, True, True, False]


def test_queries_are_grouped_by_their_seen_share() -> None:
    seen = seen_targets(**collection(), k=2, relevance=1)
    measured = pd.DataFrame(
        {"qid": seen["qid"], "MAP-published": [1, 0.5, 0, 0], "MAP-defined": [0.5, 0.25, 0, math.nan]}
    )
    text = seen_section(seen, measured, "dense", 2)
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    assert cells[2:] == [
        ["none", "1", "0.00000", "0.00000"],
        ["up to half", "1", "0.50000", "1.00000"],
        ["more than half", "0", "–", "–"],
        ["all", "1", "0.25000", "0.50000"],
    ]
    assert "documents of BM25, 50.00 % are" in text
    assert "For 1 test queries BM25 finds nothing" in text
    assert "1 of the 3 test queries with a relevant document" in text
