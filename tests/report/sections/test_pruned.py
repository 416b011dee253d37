"""Pruned and recovered models: their tables, rate by rate."""

from dsi.report.flips import ANOTHER_SEED, Flips
from dsi.report.frames import metrics_frame
from dsi.report.markdown import Spread
from dsi.report.over_seeds import differences, summarise
from dsi.report.sections.pruned import flips_table, pruned_section
from dsi.report.summary import Group, mean_zeros, spreads
from tests.report.conftest import all_reports, all_sparsity, report, row


def test_every_measure_of_the_recovered_models_stands_beside_its_controls() -> None:
    metrics = metrics_frame(all_reports())
    metrics = metrics[metrics["split"] == "test"]
    zeros = mean_zeros(all_sparsity(), "dsi", "magnitude")
    values, changes = spreads(summarise(metrics)), spreads(differences(metrics))
    section = pruned_section("dsi", "magnitude", values, changes, zeros, [])
    assert section.startswith("## Pruned and recovered: dsi, magnitude\n")
    _, measures = section.split("*How good are the recovered models by every measure?*")
    assert row(measures, "") == ["", "MAP", "MRR@10", "nDCG@10", "R@10", "R@100", "R@1000", "loss"]
    assert row(measures, "rate 0.5")[1] == "0.5600 ± 0.0849"
    assert row(measures, "random")[1:] == ["0.0100"] * 6 + ["–"]
    assert row(section, "rate 0.25")[1:] == ["0.5000 ± 0.0707", "0.5600 ± 0.0707", "+0.0000 ± 0.0141"]


FLIPS = [
    Flips("dsi", "dense-continued", None, None, "restart", 2, 20, 36, 0, 1, 3, 33, 4),
    Flips("dsi", "pruned", "magnitude", 0.5, "dense", 2, 20, 30, 6, 0, 1, 20, 19),
    Flips("dsi", "recovered", "magnitude", 0.5, "restart", 2, 20, 33, 3, 2, 8, 20, 12),
    Flips("dsi", "recovered", "wanda", 0.5, "restart", 2, 20, 1, 1, 1, 1, 1, 1),
    Flips("dsi", ANOTHER_SEED, None, None, "dense", 2, 20, 5, 5, 5, 5, 5, 5),
    Flips("dsi", ANOTHER_SEED, None, None, "restart", 2, 20, 0, 0, 4, 9, 22, 9),
]


def test_queries_won_and_lost_stand_beside_what_retraining_does() -> None:
    table = flips_table("dsi", "magnitude", FLIPS, {})
    assert row(table, "rate 0.5")[1:] == ["33", "3", "2", "91.7 %", "8", "20", "12"]
    assert row(table, "dense E1 + E2")[1:] == ["36", "0", "1", "100.0 %", "3", "33", "4"]
    assert row(table, "restart, another seed")[1:5] == ["0", "0", "4", "–"]
    assert len(table.splitlines()) == 2 + 3


def test_the_overlap_with_dense_stands_there_where_it_was_measured() -> None:
    values = {
        (Group("dsi", "recovered", "magnitude", 0.5), "RBO"): Spread(0.81, 0.02),
        (Group("dsi", "restart"), "RBO"): Spread(0.9, 0.01),
    }
    table = flips_table("dsi", "magnitude", FLIPS, values)
    assert row(table, "")[-1] == "RBO"
    assert row(table, "rate 0.5")[-1] == "0.810"
    assert row(table, "restart (rate 0)")[1:] == ["–"] * 7 + ["0.900"]


def test_small_models_stand_beside_the_recovered_one_of_their_shape() -> None:
    reports = all_reports()
    reports += [report("small", 0.4, seed, 0.5) for seed in (1, 2)]
    metrics = metrics_frame(reports)
    metrics = metrics[metrics["split"] == "test"]
    zeros = mean_zeros(all_sparsity(), "dsi", "magnitude")
    values = spreads(summarise(metrics))
    section = pruned_section("dsi", "magnitude", values, spreads(differences(metrics)), zeros, [])
    _, small = section.split("*As many weights from the start?*")
    assert row(small, "rate 0.5, recovered")[1:] == ["750", "0.5600 ± 0.0849"]
    assert row(small, "rate 0.5, small")[1:] == ["750", "0.4000 ± 0.0000"]
    assert "rate 0.25, small" not in small
