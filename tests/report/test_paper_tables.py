"""The main tables for papers: bold and marks stand only where the evidence decides."""

import math

import pandas as pd

from dsi.evaluation.reference_differences import ReferenceDifference
from dsi.evaluation.verdicts import COLUMNS, VerdictRow
from dsi.report.latex import bold
from dsi.report.markdown import Spread
from dsi.report.paper_tables import (
    pair_of_means,
    paper_tables,
    rate_tables,
    reference_tables,
    verdict_tables,
)
from dsi.report.summary import Group
from tests.report.conftest import all_sparsity

JUDGED = VerdictRow(
    baseline="dsi", criterion="magnitude", rate=0.25, control="restart", question="training", seeds=2,
    queries=1253, value=0.61, control_value=0.60, difference=0.01, lower=0.004, upper=0.016,
    share_of_control=0.0167, effect_size=0.2, margin=0.012, p=0.001, p_holm=0.002, p_all=0.0004, tests=9,
    equivalence_p=0.2, verdict="better", verdict_alone="better", variance_seeds=0.0, variance_queries=0.0,
    variance_rest=0.0, win=0.5, win_lower=0.4, win_upper=0.6, needed_seeds=None, needed_queries=None,
    best_rate=True, best_criterion=True,
)  # fmt: skip
OPEN = JUDGED._replace(rate=0.5, difference=-0.02, lower=-0.05, upper=0.01, p_all=0.08, verdict="open")
EQUAL = JUDGED._replace(rate=0.5, difference=0.001, lower=-0.002, upper=0.004, p_all=0.9)
EQUAL = EQUAL._replace(verdict="equivalent")


def frame(*rows: VerdictRow) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_the_better_of_two_is_bold_by_the_sign_of_the_gain() -> None:
    assert pair_of_means(0.61, 0.6, 0.01) == (bold("0.6100"), "0.6000")
    assert pair_of_means(0.61, 0.6, -0.01) == ("0.6100", bold("0.6000"))
    assert pair_of_means(0.61, 0.6, 0.0) == ("0.6100", "0.6000")


def test_a_verdict_decides_what_is_bold_and_marked() -> None:
    (table,) = verdict_tables(frame(JUDGED, OPEN), "MAP", 0.95)
    assert table.name == "verdicts-map-dsi-magnitude-restart-training"
    assert table.rows == [
        ["0.25", bold("0.6100"), "0.6000", "+0.0100*", "[+0.0040, +0.0160]", "< 0.001"],
        ["0.5", "0.6100", "0.6000", "-0.0200", "[-0.0500, +0.0100]", "0.080"],
    ]
    assert "1,253 test queries, 2 seeds, 95 % intervals for training in general" in table.caption
    assert "p corrected over 9 tests" in table.caption
    assert "surely within 0.0120" in table.caption


def test_of_a_loss_the_lower_one_is_better() -> None:
    worse = JUDGED._replace(verdict="worse", margin=math.nan)
    (table,) = verdict_tables(frame(worse), "loss", 0.95)
    assert table.rows[0][1:3] == ["0.6100", bold("0.6000")]
    assert "equivalent" not in table.caption


def test_where_nothing_can_be_concluded_nothing_is_marked() -> None:
    (table,) = verdict_tables(frame(JUDGED._replace(verdict="nothing can be concluded")), "MAP", 0.95)
    assert table.rows[0][1:4] == ["0.6100", "0.6000", "+0.0100"]
    assert "No difference is marked: nothing can be concluded with a dense model" in table.caption


def test_one_seed_has_no_table_about_training() -> None:
    alone = JUDGED._replace(seeds=1, lower=math.nan, upper=math.nan, p_all=math.nan)
    checkpoints = JUDGED._replace(seeds=1, question="checkpoints")
    (table,) = verdict_tables(frame(alone, checkpoints), "MAP", 0.95)
    assert table.name.endswith("-checkpoints")
    (rates,) = rate_tables(frame(alone, checkpoints), all_sparsity(), {}, 0.95)
    assert rates.rows[0][4:6] == ["+0.0100*", "[+0.0040, +0.0160]"]


def test_rates_have_zeros_both_means_and_the_difference_from_the_control() -> None:
    values = {
        (Group("dsi", "pruned", "magnitude", 0.25), "MAP"): Spread(0.5, 0.01),
        (Group("dsi", "recovered", "magnitude", 0.25), "MAP"): Spread(0.61, 0.02),
    }
    other = EQUAL._replace(control="dense-continued")
    (table,) = rate_tables(frame(JUDGED, EQUAL, other), all_sparsity(), values, 0.95)
    assert [row[:5] for row in table.rows] == [
        ["0.25", "12.50 %", "0.5000 ± 0.0100", bold("0.6100 ± 0.0200"), "+0.0100*"],
        ["0.5", "25.00 %", "–", "–", "+0.0010="],
    ]
    assert table.rows[1][5:] == ["[-0.0020, +0.0040]"]
    assert "recovered minus restart (rate 0)" in table.caption


def test_a_reference_is_beaten_only_where_the_interval_excludes_0() -> None:
    rows = [
        ReferenceDifference("dsi", "bm25", "MAP", 2, 20, 0.62, 0.61, 0.01, -0.03, 0.05),
        ReferenceDifference("dsi", "rm3", "MAP", 2, 20, 0.62, 0.50, 0.12, 0.07, 0.17),
        ReferenceDifference("dsi", "bm25-tuned", "MAP", 2, 20, 0.62, 0.70, -0.08, -0.09, -0.07),
        ReferenceDifference("dsi", "bm25", "nDCG@10", 2, 20, 0.62, 0.61, 0.01, -0.03, 0.05),
    ]
    references = pd.DataFrame(rows, columns=list(ReferenceDifference._fields))
    of_map, of_ndcg = reference_tables(references, 0.95)
    assert (of_map.name, of_ndcg.name) == ("references-dsi-map", "references-dsi-ndcg-at-10")
    assert of_map.rows == [
        ["BM25", "0.6200", "0.6100", "+0.0100", "[-0.0300, +0.0500]"],
        ["BM25 + RM3", bold("0.6200"), "0.5000", "+0.1200*", "[+0.0700, +0.1700]"],
        ["BM25, tuned", "0.6200", bold("0.7000"), "-0.0800*", "[-0.0900, -0.0700]"],
    ]


def test_a_study_without_verdicts_has_none_of_them() -> None:
    nothing = pd.DataFrame(columns=list(ReferenceDifference._fields))
    assert paper_tables({"MAP": frame(), "loss": frame()}, nothing, all_sparsity(), {}, 0.95) == []
