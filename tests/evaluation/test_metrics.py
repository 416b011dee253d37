"""Measures: hand-worked values, trec_eval's tie order, and who counts in the mean."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import pytrec_eval

from dsi.evaluation.measures import (
    agreement_measures,
    as_judgements,
    as_rankings,
    qrels_measures,
    query_counts,
)
from dsi.evaluation.runs import RunFormatError, random_run, ranked, read_run, write_run
from dsi.ranking.scores import measures_of_scores, query_losses, rank_scores


def frame(rows: list[tuple[str, str, float]], column: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["qid", "docid", column])


RUN = ranked(frame([("1", "a", 3.0), ("1", "b", 2.0), ("1", "c", 1.0), ("2", "a", 1.0)], "score"))


def value(values: pd.DataFrame, qid: str, measure: str) -> float:
    chosen = values[(values["qid"] == qid) & (values["measure"] == measure)]
    return float(chosen["value"].iloc[0])


def test_measures_by_hand() -> None:
    qrels = frame([("1", "b", 1), ("1", "z", 1)], "grade")
    values = qrels_measures(as_rankings(RUN), as_judgements(qrels), threshold=1)
    assert value(values, "1", "MAP") == pytest.approx((1 / 2) / 2)  # b at rank 2; z never
    assert value(values, "1", "MRR@10") == pytest.approx(1 / 2)
    assert value(values, "1", "R@10") == pytest.approx(1 / 2)
    ideal = 1 + 1 / np.log2(3)
    assert value(values, "1", "nDCG@10") == pytest.approx((1 / np.log2(3)) / ideal)


def test_a_query_missing_from_the_run_counts_0_and_an_unjudged_one_not_at_all() -> None:
    qrels = frame([("1", "a", 1), ("2", "a", 0), ("3", "x", 1)], "grade")
    judgements, rankings = as_judgements(qrels), as_rankings(RUN)
    values = qrels_measures(rankings, judgements, threshold=1)
    assert sorted(values["qid"].unique()) == ["1", "3"]
    assert value(values, "3", "MAP") == 0
    counts = query_counts(rankings, judgements, ["1", "2", "3", "4"], threshold=1)
    assert counts._asdict() == {"evaluated": 2, "without_relevant": 2, "missing_from_run": 1}


def test_the_threshold_decides_what_is_relevant() -> None:
    qrels = frame([("1", "a", 1), ("1", "b", 2)], "grade")
    values = qrels_measures(as_rankings(RUN), as_judgements(qrels), threshold=2)
    assert value(values, "1", "MAP") == pytest.approx(1 / 2)


def test_agreement_measures_follow_their_definitions() -> None:
    bm25 = pd.DataFrame({"qid": ["1"] * 4, "docid": ["b", "x", "c", "y"], "rank": [1, 2, 3, 4]})
    values = agreement_measures(as_rankings(RUN), bm25, k=2)
    # Against {b, x}: b at rank 2, x never.
    assert value(values, "1", "BM25-MAP") == pytest.approx((1 / 2) / 2)
    # Of {b, x, c, y} the run has b and c.
    assert value(values, "1", "BM25-R@1000") == pytest.approx(2 / 4)


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


@pytest.mark.parametrize("depth", [1, 7, 39, 40, 100])
def test_a_cut_through_ties_keeps_what_the_whole_ranking_has_there(depth: int) -> None:
    rng = np.random.default_rng(depth)
    scores = rng.integers(-3, 3, (20, 40)).astype(np.float32)
    scores[0] = -np.inf  # all alike
    docids = [f"d{number}" for number in rng.permutation(40)]
    cut = rank_scores(scores, [str(row) for row in range(20)], docids, depth)
    for row, (_, ranking) in enumerate(cut.groupby("qid", sort=False)):
        whole = sorted(zip(scores[row].tolist(), docids, strict=True), reverse=True)
        assert list(ranking["docid"]) == [docid for _, docid in whole[:depth]]


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    scores = np.random.default_rng(1).normal(size=(3, 20)).astype(np.float32)
    run = rank_scores(scores, ["1", "2", "3"], [f"d{n}" for n in range(20)], depth=20)
    for name in ("a.trec.gz", "b.trec.gz"):
        write_run(run, tmp_path / name, tag="t")
    again = read_run(tmp_path / "a.trec.gz")
    assert (again["score"] == run["score"]).all()
    assert list(again["docid"]) == list(run["docid"])
    assert (tmp_path / "a.trec.gz").read_bytes() == (tmp_path / "b.trec.gz").read_bytes()


def test_a_broken_run_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    path.write_text("1 Q0 d1 first 0.5 tag\n")
    with pytest.raises(RunFormatError, match=r"run\.trec: not a TREC run .* for example"):
        read_run(path)


@pytest.mark.parametrize(
    "second",
    [
        "1 Q0 d2 2 0.6 t",  # a higher score below
        "1 Q0 d2 3 0.4 t",  # a rank is left out
        "1 Q0 d9 2 0.5 t",  # a tie in ascending order of docids
        "2 Q0 d1 2 0.4 t",  # a query that starts at rank 2
    ],
)
def test_a_run_in_another_order_is_refused_with_its_line(tmp_path: Path, second: str) -> None:
    path = tmp_path / "run.trec"
    path.write_text(f"1 Q0 d5 1 0.5 t\n{second}\n")
    with pytest.raises(RunFormatError, match=rf"line 2: found `{second}`"):
        read_run(path)


def test_random_rankings_are_permutations_and_reproducible() -> None:
    docids = [f"d{n}" for n in range(10)]
    run = random_run(["1", "2"], docids, 10, np.random.default_rng(7))
    for _, group in run.groupby("qid"):
        assert sorted(group["docid"]) == sorted(docids)
        assert list(group["score"]) == sorted(group["score"], reverse=True)
    assert run.equals(random_run(["1", "2"], docids, 10, np.random.default_rng(7)))


def test_loss_is_the_mean_negative_log_probability_of_the_relevant() -> None:
    log_p = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]], dtype=np.float32))
    losses = query_losses(log_p, [[0, 1], []])
    assert losses[0] == pytest.approx(-(np.log(0.5) + np.log(0.25)) / 2)
    assert np.isnan(losses[1])
