"""Pruned and recovered models: three tables, rate by rate."""

from dsi.report.frames import metrics_frame
from dsi.report.over_seeds import differences, summarise
from dsi.report.sections.pruned import pruned_section
from dsi.report.summary import mean_zeros, spreads
from tests.report.conftest import all_reports, all_sparsity, row


def test_every_measure_of_the_recovered_models_stands_beside_its_controls() -> None:
    metrics = metrics_frame(all_reports())
    metrics = metrics[metrics["split"] == "test"]
    zeros = mean_zeros(all_sparsity(), "dsi", "magnitude")
    values, changes = spreads(summarise(metrics)), spreads(differences(metrics))
    section = pruned_section("dsi", "magnitude", values, changes, zeros)
    assert section.startswith("## Pruned and recovered: dsi, magnitude\n")
    _, measures = section.split("*How good are the recovered models by every measure?*")
    assert row(measures, "") == ["", "MAP", "MRR@10", "nDCG@10", "R@10", "R@100", "R@1000", "loss"]
    assert row(measures, "rate 0.5")[1] == "0.5600 ± 0.0849"
    assert row(measures, "random")[1:] == ["0.0100"] * 6 + ["–"]
