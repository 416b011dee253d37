"""Measures: the table of them, hand-worked values, and who counts in the mean."""

import ir_measures
import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.measures import (
    AGREEMENT_MEASURES,
    LOSS,
    MEASURES,
    QRELS_MEASURES,
    RBO,
    agreement_measures,
    as_judgements,
    as_rankings,
    qrels_measures,
    query_counts,
)
from dsi.evaluation.runs import ranked


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
    assert counts._asdict() == {
        "evaluated": 2,
        "without_relevant": 2,
        "missing_from_run": 1,
        "relevant": 2,
    }


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


def test_every_measure_has_its_kind_and_direction() -> None:
    assert (*QRELS_MEASURES, *AGREEMENT_MEASURES, RBO, LOSS) == tuple(MEASURES)
    assert [name for name, measure in MEASURES.items() if measure.better == "lower"] == ["loss"]
    assert MEASURES["MAP"].axis == "(0–1, higher is better)"


def test_definitions_are_read_as_the_measures_of_ir_measures() -> None:
    definitions = {name: measure.definition for name, measure in MEASURES.items() if measure.definition}
    parsed = {name: ir_measures.parse_measure(text.format(rel=2)) for name, text in definitions.items()}
    assert parsed == {
        "MAP": ir_measures.AP(rel=2),
        "MRR@10": ir_measures.RR(rel=2) @ 10,
        "nDCG@10": ir_measures.nDCG @ 10,
        **{f"R@{k}": ir_measures.R(rel=2) @ k for k in (10, 100, 1000)},
        "BM25-MAP": ir_measures.AP,
        "BM25-R@1000": ir_measures.R @ 1000,
    }


def test_ndcg_is_of_the_grades_themselves() -> None:
    qrels = frame([("1", "a", 1), ("1", "b", 2)], "grade")
    values = qrels_measures(as_rankings(RUN), as_judgements(qrels), threshold=2)
    # Grades 1 and 2 at ranks 1 and 2; the other way round it would be ideal.
    expected = (1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3))
    assert value(values, "1", "nDCG@10") == pytest.approx(expected)
