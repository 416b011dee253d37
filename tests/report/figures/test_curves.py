"""Training curves: equal files, one seed, errors."""

import subprocess
from pathlib import Path

import pandas as pd

from tests.report.conftest import Command


def histories(folder: Path, seeds: tuple[int, ...]) -> list[str]:
    """ARM=FILE of made-up trainings: E1 of two epochs, E2 of one."""
    named = []
    for arm, epochs in (("dense", (1, 2)), ("restart", (3,)), ("recovered-0.5", (3,))):
        for seed in seeds:
            frame = pd.DataFrame({"epoch": epochs, "phase": "E1" if arm == "dense" else "E2"})
            for column in ("train_loss", "validation_loss", "validation_MAP"):
                frame[column] = frame["epoch"] / 10 + seed / 100
            frame["validation_R@10"] = frame["validation_R@1000"] = frame["validation_MAP"]
            path = folder / f"{arm}-{seed}.parquet"
            frame.to_parquet(path)
            named.append(f"{arm}={path}")
    return named


def draw(command: Command, named: list[str], out: Path) -> "subprocess.CompletedProcess[str]":
    return command(
        "plot_curves", "--history", *named, "--title", "dsi",
        "--svg", out / "c.svg", "--png", out / "c.png", "--dpi", "50",
    )  # fmt: skip


def test_figures_of_equal_inputs_are_equal_files(tmp_path: Path, command: Command) -> None:
    named = histories(tmp_path, (1, 2))
    for out, order in ((tmp_path / "a", named), (tmp_path / "b", named[::-1])):
        made = draw(command, order, out)
        assert made.returncode == 0, made.stderr
    for name in ("c.svg", "c.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    text = (tmp_path / "a" / "c.svg").read_text()
    assert "<dc:date>" not in text
    for words in ("mean of 2 seeds; band: lowest to highest", "recovered, rate 0.5", "after epoch 2"):
        assert words in text


def test_one_seed_is_named_in_the_title(tmp_path: Path, command: Command) -> None:
    made = draw(command, histories(tmp_path, (1,)), tmp_path)
    assert made.returncode == 0, made.stderr
    assert "(one seed)" in (tmp_path / "c.svg").read_text()


def test_what_cannot_be_drawn_is_one_clear_error(tmp_path: Path, command: Command) -> None:
    made = draw(command, ["recovered=x.parquet"], tmp_path)
    assert made.returncode == 1
    assert "found 'recovered=x.parquet', expected ARM=FILE" in made.stderr
    restart = [entry for entry in histories(tmp_path, (1,)) if entry.startswith("restart")]
    assert "no dense=FILE" in draw(command, restart, tmp_path).stderr
