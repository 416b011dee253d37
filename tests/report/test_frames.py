"""Metric reports and sparsities as frames."""

import pandas as pd
import pytest

from dsi.report.frames import metrics_frame
from dsi.report.results import ReportError
from tests.report.conftest import all_reports, report


def test_metrics_have_the_documented_columns_and_order() -> None:
    frame = metrics_frame(all_reports())
    assert ",".join(frame.columns) == (
        "baseline,seed,arm,criterion,rate,split,"
        "MAP,MRR@10,nDCG@10,R@10,R@100,R@1000,BM25-MAP,BM25-R@1000,RBO,loss"
    )
    test = frame[frame["split"] == "test"]
    assert list(test["arm"])[:7] == [
        "bm25", "random", "dense", "dense-continued", "restart", "pruned", "pruned"
    ]  # fmt: skip
    assert list(test["rate"])[5:9] == [0.25, 0.5, 0.25, 0.5]
    assert list(frame["split"])[:2] == ["test", "validation"]
    assert len(frame) == 2 * 16


def test_the_order_of_the_reports_makes_no_difference() -> None:
    pd.testing.assert_frame_equal(metrics_frame(all_reports()), metrics_frame(list(reversed(all_reports()))))


def test_a_system_that_comes_twice_is_named() -> None:
    with pytest.raises(ReportError, match="two metric files are about random"):
        metrics_frame([*all_reports(), report("random", 0.02)])


def test_an_absent_measure_is_named() -> None:
    broken = report("bm25", 0.6)
    values = {name: value for name, value in broken.measures["test"].items() if name != "R@10"}
    with pytest.raises(ReportError, match="test metrics of bm25 lack R@10"):
        metrics_frame([broken._replace(measures={"test": values})])
