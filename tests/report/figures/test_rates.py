"""Quality against pruning rate: equal files, intervals, errors."""

import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Annotation

from dsi.report.figures.rate_differences import HEADROOM, Judged, Margin, draw_differences
from dsi.report.figures.rates import Chosen, read_judged
from dsi.report.results import read_csv, write_csv
from tests.report.conftest import Command


def draw(command: Command, results: Path, out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return command(
        "plot_rates", "--metrics", results / "tables/metrics.csv",
        "--sparsity", results / "tables/sparsity.csv", "--baseline", "dsi",
        "--criterion", "magnitude", "--svg", out / "r.svg", "--png", out / "r.png",
        "--verdicts", results / "tables/verdicts.csv", "--margin", "0.02", "--dpi", "50", *more,
    )  # fmt: skip


def test_figures_of_equal_inputs_are_equal_files(
    results: Path, make_tables: Command, command: Command
) -> None:
    make_tables(results, results)
    for out in (results / "a", results / "b"):
        made = draw(command, results, out)
        assert made.returncode == 0, made.stderr
    for name in ("r.svg", "r.png"):
        assert (results / "a" / name).read_bytes() == (results / "b" / name).read_bytes()
    text = (results / "a" / "r.svg").read_text()
    assert "<dc:date>" not in text
    for words in ("restart (rate 0)", "BM25", "zeros in the whole model (%)", "margin (2 %)"):
        assert words in text
    assert "MAP (0–1, higher is better)" in text
    # Its models lie between 0.4 and 0.6.
    assert "below this axis: random 0.010" in text
    assert "differences in MAP: bars and signs of the verdict for training in general" in text


def test_one_seed_has_no_interval_and_the_title_says_so(
    results: Path, make_tables: Command, command: Command
) -> None:
    for path in results.rglob("*.json"):
        if "seed2" in str(path):
            path.unlink()
    assert make_tables(results, results).returncode == 0
    made = draw(command, results, results)
    assert made.returncode == 0, made.stderr
    assert "Warning" not in made.stderr
    assert "one seed, no intervals" in (results / "r.svg").read_text()


def test_what_cannot_be_drawn_is_one_clear_error(
    results: Path, make_tables: Command, command: Command
) -> None:
    make_tables(results, results)
    made = draw(command, results, results, "--split", "dev")
    assert made.returncode == 1
    assert "no recovered system of baseline 'dsi', criterion 'magnitude' and split 'dev'" in made.stderr


def test_a_baseline_may_be_named_by_a_number(results: Path, make_tables: Command, command: Command) -> None:
    make_tables(results, results)
    for name in ("metrics", "sparsity", "verdicts"):
        path = results / f"tables/{name}.csv"
        path.write_text(path.read_text().replace("dsi,", "16,"))
    made = draw(command, results, results, "--baseline", "16")
    assert made.returncode == 0, made.stderr


def test_each_rate_has_the_sign_of_its_verdict_about_training(results: Path, make_tables: Command) -> None:
    make_tables(results, results)
    path = results / "tables/verdicts.csv"
    frame = read_csv(path)
    of_restart = (frame["control"] == "restart") & (frame["rate"] == 0.5)
    frame.loc[of_restart, "verdict"] = ["better", "worse"]  # for these checkpoints, and in general
    write_csv(frame, path)
    chosen = Chosen("dsi", "magnitude", "test", 0.95, 0.02)
    assert read_judged(path, chosen)[0.5].sign == "−"
    write_csv(frame[frame["question"] == "checkpoints"].assign(seeds=1), path)
    assert read_judged(path, chosen)[0.5].sign == "+"


def test_what_lies_far_outside_does_not_stretch_the_axis() -> None:
    rows = [("recovered", rate, value) for rate, value in ((0.1, -0.01), (0.2, 0.03), (0.9, -0.4))]
    frame = pd.DataFrame(rows, columns=["arm", "rate", "value"]).assign(measure="MAP", control="restart")
    _, axis = plt.subplots()
    draw_differences(axis, frame, "MAP", Margin(0.02, "margin"), 0.95, {0.9: Judged("−", -0.5, -0.3)})
    bottom, top = axis.get_ylim()
    assert bottom == pytest.approx(-1.15 * 0.04)
    assert top == pytest.approx(1.15 * 0.04 * HEADROOM)
    assert {"-0.4", "−", "margin"} <= {text.get_text() for text in axis.texts}
    plt.close()


def test_values_far_outside_of_neighbouring_rates_stand_at_two_heights() -> None:
    rows = [
        ("recovered", rate, value) for rate, value in ((0.1, 0.0), (0.8, -0.3), (0.9, -0.4), (0.95, -0.5))
    ]
    frame = pd.DataFrame(rows, columns=["arm", "rate", "value"]).assign(measure="MAP", control="restart")
    _, axis = plt.subplots()
    draw_differences(axis, frame, "MAP", Margin(0.02, "margin"), 0.95, {})
    height = {text.get_text(): text.xy[1] for text in axis.texts if isinstance(text, Annotation)}
    assert height["-0.3"] == height["-0.5"] < height["-0.4"]
    plt.close()


def test_bars_of_what_is_judged_are_the_verdicts_and_stretch_the_axis() -> None:
    """Two seeds of equal differences have an interval of no width; that of the verdict is wider."""
    rows = [
        ("recovered", 0.1, 0.01),
        ("recovered", 0.1, 0.01),
        ("recovered", 0.2, 0.0),
        ("recovered", 0.2, 0.0),
    ]
    frame = pd.DataFrame(rows, columns=["arm", "rate", "value"]).assign(measure="MAP", control="restart")
    _, axis = plt.subplots()
    draw_differences(axis, frame, "MAP", Margin(0.02, "margin"), 0.95, {0.1: Judged("?", -0.03, 0.05)})
    bars = [segment[:, 1].tolist() for lines in axis.collections[1:] for segment in lines.get_segments()]
    assert bars == [[-0.03, 0.05], [0.0, 0.0]]
    assert axis.get_ylim()[0] == pytest.approx(-1.15 * 0.05)
    plt.close()


def test_a_model_that_finds_nothing_has_an_axis_all_the_same() -> None:
    frame = pd.DataFrame({"arm": "recovered", "rate": [0.1, 0.2], "value": [0.0, 0.0]})
    _, axis = plt.subplots()
    draw_differences(
        axis, frame.assign(measure="MAP", control="restart"), "MAP", Margin(0.0, "margin"), 0.95, {}
    )
    assert axis.get_ylim() == pytest.approx((-0.001, 0.001))
    plt.close()
