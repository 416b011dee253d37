"""Differences of the small study, worked by hand; their statistics are those of dsi.evaluation."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.estimates import DIFFERENCES
from dsi.evaluation.rank_overlap import rank_biased_overlap
from dsi.evaluation.significance import Question, compare
from dsi.report.comparison.compared import compare_pairs, gains, seed_pairs
from dsi.report.comparison.judged import Asked
from dsi.report.comparison.sides import Pair, SideError, read_side
from tests.report.small_results import DENSE, PRUNED

ASKED = Asked(("MAP", "R@10"), "test", None, 1)
# Pruned minus dense, seeds × queries.
CHANGES = np.array([[0.0, -0.5, 0.0, -0.5], [0.0, -0.5, 0.0, 0.0]])


def pair(study: Path, a: str, b: str) -> Pair:
    return Pair(read_side(str(study / a)).rankings, read_side(str(study / b)).rankings)


def test_several_seeds_are_compared_with_crossed_intervals(study: Path) -> None:
    both = pair(study, DENSE.format(seed="*"), PRUNED.format(seed="*"))
    of_map, of_recall = compare_pairs([both], ASKED, 0.95)
    answers = compare(CHANGES, None, 0.95, span=DIFFERENCES)
    training = answers[Question.TRAINING]
    assert (of_map.a, of_map.b, of_map.measure) == (DENSE.format(seed="*"), PRUNED.format(seed="*"), "MAP")
    assert (of_map.seeds, of_map.queries) == ([1, 2], 4)
    assert (of_map.mean_a, of_map.mean_b) == pytest.approx((0.875, 0.6875))
    assert of_map.difference == pytest.approx(-0.1875)
    found = (of_map.lower, of_map.upper, of_map.p, of_map.of_these_p)
    assert found == pytest.approx(
        tuple(map(float, (training.lower, training.upper, training.p, answers[Question.CHECKPOINTS].p)))
    )
    assert (of_map.wins, of_map.ties, of_map.losses) == (0, 5, 3)
    assert (of_recall.difference, of_recall.ties, of_recall.holm_p) == (0, 8, None)
    # Five lists of eight are the same, three differ as rab and arb do.
    assert of_map.rbo == pytest.approx((5 + 3 * rank_biased_overlap("rab", "arb")) / 8)


def test_one_seed_is_compared_over_its_queries(study: Path) -> None:
    both = pair(study, DENSE.format(seed=1), DENSE.format(seed=2))
    row = compare_pairs([both], ASKED, 0.95)[0]
    # Differences 0, 0, 1/2, -1/2: any pattern of signs is as extreme.
    assert (row.difference, row.p, row.of_these_p) == (0, 1, 1)
    assert (row.wins, row.ties, row.losses) == (1, 2, 1)
    assert (row.a, row.b) == (DENSE.format(seed=1), DENSE.format(seed=2))


def test_a_reference_meets_every_seed(study: Path) -> None:
    both = pair(study, "bm25", DENSE.format(seed="*"))
    assert [(one.seed, one.a.seed, one.b.seed) for one in seed_pairs(both)] == [(1, 0, 1), (2, 0, 2)]
    assert [one.a.seed for one in seed_pairs(Pair(both.b, both.a))] == [1, 2]
    row = compare_pairs([both], ASKED, 0.95)[0]
    assert row.mean_a == pytest.approx(17 / 24)


def test_only_seeds_of_both_are_compared(study: Path) -> None:
    both = pair(study, DENSE.format(seed="*"), PRUNED.format(seed="*"))
    assert [one.seed for one in seed_pairs(Pair(both.a, (both.b[1], both.b[1]._replace(seed=3))))] == [2]
    with pytest.raises(SideError, match=r"found the seeds \[1, 2\] and \[3, 4\], expected one in common"):
        seed_pairs(Pair(both.a, (both.b[0]._replace(seed=3), both.b[1]._replace(seed=4))))


def test_runs_are_evaluated_and_give_what_the_metrics_say(study: Path) -> None:
    of_metrics = compare_pairs([pair(study, "bm25", DENSE.format(seed="*"))], ASKED, 0.95)
    runs = pair(study, "runs/bm25.trec.gz", f"runs/{DENSE.format(seed='*')}.trec.gz")
    assert compare_pairs([runs], ASKED, 0.95) == of_metrics


def test_p_values_of_several_pairs_are_corrected(study: Path) -> None:
    pairs = [pair(study, "bm25", DENSE.format(seed="*")), pair(study, "bm25", PRUNED.format(seed="*"))]
    rows = compare_pairs(pairs, ASKED, 0.95, overlap=False)
    assert [row.measure for row in rows] == ["MAP", "MAP", "R@10", "R@10"]
    small, large = sorted(rows[:2], key=lambda row: row.p)
    assert small.holm_p == pytest.approx(min(1, 2 * small.p))
    assert large.holm_p == pytest.approx(max(large.p, 2 * small.p))
    assert math.isnan(rows[0].rbo)


def test_a_lower_loss_is_a_gain() -> None:
    change = pd.DataFrame({"q": [0.5, -0.5]})
    assert gains(change, "loss")["q"].tolist() == [-0.5, 0.5]
    assert gains(change, "MAP")["q"].tolist() == [0.5, -0.5]


def test_a_measure_or_queries_that_are_missing_are_named(study: Path) -> None:
    both = pair(study, "bm25", DENSE.format(seed=1))
    with pytest.raises(
        SideError, match=r"bm25\.json: found no values of loss on test queries, expected one of MAP"
    ):
        compare_pairs([both], ASKED._replace(measures=("loss",)), 0.95)
    with pytest.raises(SideError, match="found 1 validation queries with values of MAP, expected at least 2"):
        compare_pairs([both], ASKED._replace(split="validation"), 0.95)
