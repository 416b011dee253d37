"""Means over seeds and differences from controls."""

import math

import pytest

from dsi.report.frames import metrics_frame
from dsi.report.over_seeds import differences, paired_differences, rates_table, summarise
from dsi.report.summary import Group, spreads
from tests.report.conftest import all_reports, all_sparsity, report


def test_means_and_deviations_worked_by_hand() -> None:
    summary = summarise(metrics_frame(all_reports()))
    values = spreads(summary[summary["split"] == "test"])
    assert values[Group("dsi", "dense"), "MAP"] == pytest.approx((0.55, 0.0707107), abs=1e-7)
    pruned = values[Group("dsi", "pruned", "magnitude", 0.5), "MAP"]
    assert pruned == pytest.approx((0.40, 0.1414214), abs=1e-7)
    assert set(summary.loc[summary["arm"] == "dense", "n"]) == {2}


def test_one_value_has_a_mean_and_no_deviation() -> None:
    values = spreads(summarise(metrics_frame([report("bm25", 0.6)])))
    mean, deviation = values[Group(None, "bm25"), "MAP"]
    assert math.isnan(deviation)
    assert (Group(None, "bm25"), "loss") not in values
    assert mean in (0.6, 0.7)


def test_differences_are_taken_within_each_seed() -> None:
    metrics = metrics_frame(all_reports())
    changes = spreads(differences(metrics[metrics["split"] == "test"]))
    # Unpaired, the deviation would be that of (0.50, 0.62) and (0.52, 0.60): three times as large.
    recovered = changes[Group("dsi", "recovered", "magnitude", 0.5), "MAP"]
    assert recovered == pytest.approx((0.0, 0.0282843), abs=1e-7)
    continued = changes[Group("dsi", "dense-continued"), "MAP"]
    assert continued == pytest.approx((0.03, 0.0), abs=1e-12)


def test_each_arm_has_its_own_control() -> None:
    metrics = metrics_frame(all_reports())
    rows = paired_differences(metrics[metrics["split"] == "test"])
    at_half = rows[(rows["arm"] == "pruned") & (rows["rate"] == 0.5) & (rows["measure"] == "MAP")]
    assert set(at_half["control"]) == {"dense"}
    assert sorted(at_half["value"]) == pytest.approx([-0.20, -0.10])


def test_rates_table_joins_zeros_and_differences() -> None:
    metrics = metrics_frame(all_reports())
    table = rates_table(summarise(metrics), differences(metrics), all_sparsity())
    chosen = table.query("arm == 'pruned' and rate == 0.5 and split == 'test' and measure == 'MAP'")
    row = chosen.iloc[0]
    assert len(chosen) == 1
    assert (row["zeros_linears"], row["zeros_model"], row["control"]) == (0.5, 0.25, "dense")
    assert row["difference_mean"] == pytest.approx(-0.15)
