"""The comparison of baselines as the command writes it: table, CSV and figure."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests.report.conftest import Command
from tests.report.sections.test_ablation import SETTINGS, VALUES


def write_system(folder: Path, name: str, seed: int, values: list[float]) -> Path:
    path = folder / f"baselines/{name}/seed{seed}/dense.json"
    path.parent.mkdir(parents=True)
    system = {"baseline": name, "seed": seed, "arm": "dense", "criterion": None, "rate": None}
    path.write_text(json.dumps({"system": system}), encoding="utf-8")
    rows = [
        {"qid": f"{split}{query}", "split": split, "measure": measure, "value": value}
        for measure in ("MAP", "R@10")
        for split in ("validation", "test")
        for query, value in enumerate(values)
    ]
    pd.DataFrame(rows).to_parquet(path.with_suffix(".per_query.parquet"))
    return path


@pytest.fixture
def options(tmp_path: Path) -> dict[str, object]:
    """Of the command, without --metrics; the files of the systems are there."""
    for name, by_seed in VALUES.items():
        for seed, values in enumerate(by_seed, start=1):
            write_system(tmp_path / "metrics", name, seed, values)
    settings = {"dsi": SETTINGS, "plain": {**SETTINGS, "pseudo_queries": {"per_document": 4, "distinct": 5}}}
    return {
        "--reference": "dsi",
        "--settings": json.dumps(settings),
        "--confidence": "0.95",
        "--output": tmp_path / "ablation.md",
        "--csv": tmp_path / "ablation.csv",
        "--svg": tmp_path / "ablation.svg",
        "--png": tmp_path / "ablation.png",
    }


def compare(command: Command, options: dict[str, object], folder: Path) -> "subprocess.CompletedProcess[str]":
    metrics = sorted((folder / "metrics").rglob("*.json"))
    return command(
        "compare_baselines", "--metrics", *metrics, *(word for pair in options.items() for word in pair)
    )


def test_the_command_writes_table_csv_and_figure(
    options: dict[str, object], tmp_path: Path, command: Command
) -> None:
    finished = compare(command, options, tmp_path)
    assert finished.returncode == 0, finished.stderr
    text = (tmp_path / "ablation.md").read_text(encoding="utf-8")
    assert "pseudo_queries.distinct: None → 5" in text
    assert "CPU" not in text  # times differ from run to run and stand in timings.md
    table = pd.read_csv(tmp_path / "ablation.csv")
    assert table.loc[(table["baseline"] == "plain") & (table["measure"] == "MAP"), "shown"].item() == 5
    svg = (tmp_path / "ablation.svg").read_text(encoding="utf-8")
    assert "different pseudo-queries of a document" in svg
    assert (tmp_path / "ablation.png").stat().st_size > 0


def test_an_unknown_reference_is_refused(
    options: dict[str, object], tmp_path: Path, command: Command
) -> None:
    finished = compare(command, {**options, "--reference": "dis"}, tmp_path)
    assert finished.returncode == 1
    assert "--reference: found 'dis', expected one of dsi, plain" in finished.stderr
