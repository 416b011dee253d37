"""Quality against pruning rate: equal files, intervals, errors."""

import subprocess
from pathlib import Path

from tests.report.conftest import Command


def draw(command: Command, results: Path, out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return command(
        "plot_rates", "--metrics", results / "tables/metrics.csv",
        "--sparsity", results / "tables/sparsity.csv", "--baseline", "dsi",
        "--criterion", "magnitude", "--svg", out / "r.svg", "--png", out / "r.png",
        "--dpi", "50", *more,
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
    for words in ("restart (rate 0)", "BM25", "random", "zeros in the whole model (%)"):
        assert words in text
    assert "MAP (0–1, higher is better)" in text


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
    for name in ("metrics", "sparsity"):
        path = results / f"tables/{name}.csv"
        path.write_text(path.read_text().replace("dsi,", "16,"))
    made = draw(command, results, results, "--baseline", "16")
    assert made.returncode == 0, made.stderr
