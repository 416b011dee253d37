"""The figure of lost queries and its list, as the command makes them."""

import json
from pathlib import Path

import pandas as pd

from tests.report.conftest import Command
from tests.report.test_lost_queries import QUERIES, VALUES, per_query, system

Values = dict[tuple[str, float | None, int | None], list[float]]


def draw(command: Command, folder: Path, values: Values) -> None:
    """Run the command over systems with these values."""
    files = []
    for number, (key, measured) in enumerate(values.items()):
        path = folder / f"{number}.json"
        path.write_text(json.dumps({"system": system(*key)._asdict()}))
        per_query(measured).to_parquet(path.with_suffix(".per_query.parquet"))
        files.append(path)
    QUERIES.to_parquet(folder / "queries.parquet")
    done = command(
        "plot_lost_queries", "--metrics", *files, "--baseline", "dsi", "--criterion", "magnitude",
        "--queries", folder / "queries.parquet", "--csv", folder / "lost.csv",
        "--svg", folder / "lost.svg", "--png", folder / "lost.png",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "lost.png").stat().st_size > 1000


def test_the_command_draws_and_lists(tmp_path: Path, command: Command) -> None:
    draw(command, tmp_path, VALUES)
    assert list(pd.read_csv(tmp_path / "lost.csv")["qid"]) == ["q1", "q3", "q2"]
    text = (tmp_path / "lost.svg").read_text()
    for words in ("dense rank 4–10", "(1 pairs)", "nothing pruned: restart", "dense of another seed"):
        assert words in text


def test_one_seed_has_no_other(tmp_path: Path, command: Command) -> None:
    draw(command, tmp_path, {key: values for key, values in VALUES.items() if key[2] != 2})
    text = (tmp_path / "lost.svg").read_text()
    assert "nothing pruned: restart" in text
    assert "another seed" not in text


def test_where_nothing_is_found_nothing_is_lost(tmp_path: Path, command: Command) -> None:
    nothing = {key: [0.0] * 3 if key[0] == "dense" else values for key, values in VALUES.items()}
    draw(command, tmp_path, nothing)
    assert pd.read_csv(tmp_path / "lost.csv").columns[0] == "criterion"
    assert pd.read_csv(tmp_path / "lost.csv").empty
    assert "has nothing to lose" in (tmp_path / "lost.svg").read_text()
