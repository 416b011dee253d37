"""The published study's figures, as the command draws them."""

from pathlib import Path

from tests.report.conftest import Command
from tests.report.reproduction.conftest import history, long_history


def test_figures_are_drawn_the_same_every_time(tmp_path: Path, command: Command) -> None:
    first = long_history().assign(train_loss=1.0, **{"validation_R@1000-published": 0.0})
    second = first.assign(epoch=first["epoch"] + 6, phase="E2")
    first.to_parquet(tmp_path / "e1.parquet")
    second.to_parquet(tmp_path / "e2.parquet")
    dense, pruned = f"dense={tmp_path}/e1.parquet", f"rate 0.2={tmp_path}/e1.parquet,{tmp_path}/e2.parquet"
    for name, words in (("curves", "pruned here"), ("long", "lowest test loss"), ("again", "pruned here")):
        svg = tmp_path / f"{name}.svg"
        kind = "long" if name == "long" else "curves"
        options = ["--title", "Toy", "--svg", svg, "--png", svg.with_suffix(".png")]
        done = command("plot_reproduction", kind, "--history", dense, pruned, *options)
        assert done.returncode == 0, done.stderr
        assert svg.with_suffix(".png").stat().st_size > 10_000
        assert words in svg.read_text()
        assert "rate 0.2" in svg.read_text()
    assert (tmp_path / "curves.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_a_history_without_test_measures_is_named(tmp_path: Path, command: Command) -> None:
    history([1.0], [0.0]).to_parquet(tmp_path / "h.parquet")
    options = ["--title", "Toy", "--svg", tmp_path / "x.svg", "--png", tmp_path / "x.png"]
    done = command("plot_reproduction", "long", "--history", f"a={tmp_path}/h.parquet", *options)
    assert done.returncode == 1
    assert "no column 'test_loss'" in done.stderr
    assert "track_test: true" in done.stderr
    done = command("plot_reproduction", "curves", "--history", "h.parquet", *options)
    assert "expected NAME=FILE" in done.stderr
