"""Tables of means over seeds: rows before and after recovery, and unpruned systems."""

import pytest

from dsi.report.frames import metrics_frame
from dsi.report.over_seeds import differences, summarise
from dsi.report.summary import (
    Spreads,
    baseline_criteria,
    baseline_names,
    before_after_table,
    mean_zeros,
    measures_table,
    spreads,
    unpruned_systems,
    zeros_table,
)
from tests.report.conftest import all_reports, all_sparsity, row


@pytest.fixture
def values() -> Spreads:
    summary = summarise(metrics_frame(all_reports()))
    return spreads(summary[summary["split"] == "test"])


@pytest.fixture
def changes() -> Spreads:
    difference = differences(metrics_frame(all_reports()))
    return spreads(difference[difference["split"] == "test"])


def test_zeros_are_means_over_seeds_by_rate() -> None:
    zeros = mean_zeros(all_sparsity(), "dsi", "magnitude")
    assert zeros == {0.25: (0.25, 0.3125, 0.125, 875.0), 0.5: (0.5, 0.625, 0.25, 750.0)}
    assert row(zeros_table(zeros), "rate 0.5")[1:] == ["50.00 %", "62.50 %", "25.00 %", "750"]
    assert mean_zeros(all_sparsity(), "dsi", "random") == {}


def test_a_row_has_a_measure_before_and_after_recovery(values: Spreads, changes: Spreads) -> None:
    table = before_after_table("dsi", "magnitude", "MAP", values, changes, [0.25, 0.5])
    assert row(table, "rate 0.25")[1:] == ["0.5000 ± 0.0707", "0.5600 ± 0.0707", "+0.0000 ± 0.0141"]
    # Before E2 there is dense E1; the difference is that of the continuation.
    assert row(table, "dense E1 + E2")[1:] == ["0.5500 ± 0.0707", "0.5900 ± 0.0566", "+0.0300 ± 0.0000"]


def test_a_system_without_the_measure_has_no_row(values: Spreads, changes: Spreads) -> None:
    table = before_after_table("dsi", "magnitude", "loss", values, changes, [0.25, 0.5])
    assert "BM25" not in table
    assert "restart" in table


def test_unpruned_systems_stand_in_the_order_of_the_arms(values: Spreads) -> None:
    names = [name for name, _ in unpruned_systems(values)]
    assert names == ["BM25", "random", "dsi, dense E1", "dsi, dense E1 + E2", "dsi, restart (rate 0)"]
    table = measures_table(unpruned_systems(values), ["MAP", "loss"], values)
    assert row(table, "BM25") == ["BM25", "0.6000", "–"]


def test_names_come_once(values: Spreads) -> None:
    assert baseline_names(values) == ["dsi"]
    assert baseline_criteria(values) == [("dsi", "magnitude")]
