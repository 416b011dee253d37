"""Rankings by a matrix of scores: trec_eval's order, whatever the depth; measures and losses of a history."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import pytrec_eval
import torch

from dsi.evaluation.measures import as_judgements, as_rankings, qrels_measures
from dsi.evaluation.runs import ranked
from dsi.ranking import scores as scoring
from dsi.ranking.scores import (
    measures_of_ranking,
    measures_of_scores,
    query_losses,
    rank_scores,
    ranks_of_columns,
)


def frame(rows: list[tuple[str, str, float]], column: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["qid", "docid", column])


def test_rank_order_is_the_order_trec_eval_gives() -> None:
    """trec_eval itself, given scores with ties: the reciprocal rank of each document is our rank."""
    scores = np.array([[1.0, 2.0, 2.0, 1.0]], dtype=np.float32)
    docids = ["b", "a", "c", "d"]
    run = rank_scores(scores, ["1"], docids, depth=4)
    assert list(run["docid"]) == ["c", "a", "d", "b"]
    assert list(ranked(run.sample(frac=1, random_state=1))["docid"]) == ["c", "a", "d", "b"]
    tied = {"1": dict(zip(docids, scores[0].tolist(), strict=True))}
    for row in run.itertuples():
        evaluator = pytrec_eval.RelevanceEvaluator({"1": {row.docid: 1}}, {"recip_rank"})
        assert evaluator.evaluate(tied)["1"]["recip_rank"] == pytest.approx(1 / row.rank)


def test_a_cut_ranking_holds_the_best() -> None:
    scores = np.array([[0.0, 3.0, 1.0, 2.0]], dtype=np.float32)
    assert list(rank_scores(scores, ["1"], list("abcd"), depth=2)["docid"]) == ["b", "d"]


@pytest.mark.parametrize("highest", [scoring._highest, scoring._highest_on_card])
@pytest.mark.parametrize("depth", [1, 7, 39, 40, 100])
def test_a_cut_through_ties_keeps_what_the_whole_ranking_has_there(
    depth: int, highest: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a card and elsewhere: what is done on a card does not need one."""
    monkeypatch.setattr(scoring, "_highest", highest)
    rng = np.random.default_rng(depth)
    scores = rng.integers(-3, 3, (20, 40)).astype(np.float32)
    scores[0] = -np.inf  # all alike
    docids = [f"d{number}" for number in rng.permutation(40)]
    cut = rank_scores(scores, [str(row) for row in range(20)], docids, depth)
    for row, (_, ranking) in enumerate(cut.groupby("qid", sort=False)):
        whole = sorted(zip(scores[row].tolist(), docids, strict=True), reverse=True)
        assert list(ranking["docid"]) == [docid for _, docid in whole[:depth]]


def test_measures_of_scores_equal_ir_measures() -> None:
    rng = np.random.default_rng(0)
    docids = [f"d{number:02d}" for number in range(30)]
    scores = rng.integers(0, 5, (8, 30)).astype(np.float32)  # many ties
    relevant = [sorted(rng.choice(30, size=3, replace=False)) for _ in range(8)]
    qids = [str(number) for number in range(8)]
    run = rank_scores(scores, qids, docids, depth=30)
    qrels = frame(
        [(qid, docids[column], 1) for qid, columns in zip(qids, relevant, strict=True) for column in columns],
        "grade",
    )
    means = qrels_measures(as_rankings(run), as_judgements(qrels), 1).groupby("measure")["value"].mean()
    ours = measures_of_scores(scores, relevant)
    assert ours["MAP"] == pytest.approx(means["MAP"])
    assert ours["R@10"] == pytest.approx(means["R@10"])
    assert ours["R@1000"] == 1


def test_measures_of_a_ranking_are_those_of_the_scores() -> None:
    scores = np.random.default_rng(1).normal(size=(5, 30)).astype(np.float32)
    relevant = [(1,), (2, 29), (3, 4, 5), (0,), (7, 8)]
    order = np.argsort(-scores, axis=1)
    assert measures_of_ranking(order, relevant) == measures_of_scores(scores, relevant)
    # Found at rank 2, and one of two beyond the depth: (1/2)/2.
    assert measures_of_ranking(np.array([[4, 9]]), [(9, 5)])["MAP"] == 0.25


def test_ranks_of_columns_are_those_of_the_whole_order() -> None:
    """Of equal scores the later column stands first."""
    scores = np.random.default_rng(3).integers(0, 6, size=(20, 30)).astype(np.float32)
    relevant = [tuple(range(row % 5, 30, 7)) for row in range(20)]
    expected = []
    for row, columns in zip(scores, relevant, strict=True):
        order = sorted(range(30), key=lambda column: (-row[column], -column))
        expected.append(sorted(1 + order.index(column) for column in columns))
    assert [ranks.tolist() for ranks in ranks_of_columns(scores, relevant)] == expected


def test_loss_is_the_mean_negative_log_probability_of_the_relevant() -> None:
    log_p = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]], dtype=np.float32))
    losses = query_losses(torch.from_numpy(log_p), [[0, 1], []])
    assert losses[0] == pytest.approx(-(np.log(0.5) + np.log(0.25)) / 2)
    assert np.isnan(losses[1])
    assert len(query_losses(torch.from_numpy(log_p[:0]), [])) == 0
