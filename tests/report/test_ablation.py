"""Baselines compared with one of them: what was changed, differences by hand, the command."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.evaluation.verdicts import VerdictError
from dsi.report.sections.ablation import Change, ablation_section, changes, comparison, pseudo_queries_shown

ROOT = Path(__file__).parents[1]
SETTINGS: dict[str, Any] = {
    "training": {"epochs": 20},
    "pseudo_queries": {"per_document": 4, "distinct": None},
    "distillation": {"weight": 0.5},
}
VARIANT = {**SETTINGS, "distillation": {"weight": 0}}
# MAP by baseline, seed and query of the test split.
VALUES = {"dsi": [[0.5, 0.7], [0.3, 0.9]], "plain": [[0.4, 0.5], [0.3, 0.6]]}


def frame(values: dict[str, list[list[float]]]) -> pd.DataFrame:
    rows = [
        {"baseline": name, "arm": "dense", "split": split, "seed": seed, "qid": f"q{query}", "value": value}
        for name, by_seed in values.items()
        for seed, by_query in enumerate(by_seed, start=1)
        for query, value in enumerate(by_query)
        for split in ("validation", "test")
    ]
    return pd.DataFrame(rows)


def test_changes_are_named_by_their_key() -> None:
    assert list(changes(VARIANT, SETTINGS)) == [Change("distillation.weight", 0.5, 0)]
    assert list(changes(SETTINGS, SETTINGS)) == []
    assert list(changes({"a": {"b": 1}}, {"a": {"c": 2}})) == [Change("a.c", 2, None), Change("a.b", None, 1)]


@pytest.mark.parametrize(("distinct", "shown"), [(None, 80), (5, 5), (100, 80)])
def test_a_document_has_no_more_pseudo_queries_than_are_drawn(distinct: int | None, shown: int) -> None:
    settings = {**SETTINGS, "pseudo_queries": {"per_document": 4, "distinct": distinct}}
    assert pseudo_queries_shown(settings) == shown


def test_the_difference_is_paired_and_its_interval_holds_it() -> None:
    found = comparison({"MAP": frame(VALUES)}, {"plain": VARIANT, "dsi": SETTINGS}, "dsi", 0.95)
    assert list(found["baseline"]) == ["dsi", "plain"]
    reference, variant = found.to_dict("records")
    # Means over queries: dsi 0.6 and 0.6, plain 0.45 and 0.45.
    assert reference["test_mean"] == pytest.approx(0.6)
    assert reference["test_sd"] == pytest.approx(0)
    assert math.isnan(reference["difference"])
    assert variant["test_mean"] == pytest.approx(0.45)
    # (-0.1 - 0.2 + 0 - 0.3) / 4
    assert variant["difference"] == pytest.approx(-0.15)
    assert variant["lower"] < -0.15 < variant["upper"]
    assert variant["changed"] == "distillation.weight: 0.5 → 0"


def test_other_seeds_or_queries_are_refused() -> None:
    lacking = {**VALUES, "plain": [[0.4, 0.5]]}
    with pytest.raises(VerdictError, match="do not have the same seeds: found 1 and 2"):
        comparison({"MAP": frame(lacking)}, {"dsi": SETTINGS, "plain": VARIANT}, "dsi", 0.95)


def test_one_seed_answers_for_its_checkpoints_only() -> None:
    one = {name: by_seed[:1] for name, by_seed in VALUES.items()}
    settings = {"dsi": SETTINGS, "plain": VARIANT}
    found = comparison({"MAP": frame(one), "R@10": frame(one)}, settings, "dsi", 0.95)
    text = ablation_section(found, "dsi", 0.95, {"dsi": 30.4, "plain": 20.0})
    assert "over 1 seed;" in text
    assert "these checkpoints on other queries" in text
    line = next(line for line in text.splitlines() if line.startswith("| plain"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:5] == ["plain", "distillation.weight: 0.5 → 0", "80", "0.4500", "0.4500"]
    assert cells[5].startswith("-0.1500 [")
    assert cells[6:] == ["0.4500", "20"]


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
def arguments(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "benchmarks").mkdir()
    for name, by_seed in VALUES.items():
        for seed, values in enumerate(by_seed, start=1):
            write_system(tmp_path / "metrics", name, seed, values)
            benchmark = pd.DataFrame({"s": [9.0], "cpu_time": [10.0 * seed]})
            benchmark.to_csv(tmp_path / f"benchmarks/{name}-seed{seed}.tsv", sep="\t", index=False)
    settings = {"dsi": SETTINGS, "plain": {**SETTINGS, "pseudo_queries": {"per_document": 4, "distinct": 5}}}
    return {
        "--reference": "dsi",
        "--benchmarks": str(tmp_path / "benchmarks"),
        "--settings": json.dumps(settings),
        "--confidence": "0.95",
        "--output": str(tmp_path / "ablation.md"),
        "--csv": str(tmp_path / "ablation.csv"),
        "--svg": str(tmp_path / "ablation.svg"),
        "--png": str(tmp_path / "ablation.png"),
    }


def run_command(arguments: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    metrics = sorted(str(path) for path in (folder / "metrics").rglob("*.json"))
    options = [word for pair in arguments.items() for word in pair]
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts"), "compare_baselines", "--metrics", *metrics, *options],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_checkpoint_whose_training_was_not_timed_has_no_seconds(
    arguments: dict[str, str], tmp_path: Path
) -> None:
    for path in (tmp_path / "benchmarks").glob("plain-*.tsv"):
        path.unlink()
    finished = run_command(arguments, tmp_path)
    assert finished.returncode == 0, finished.stderr
    text = (tmp_path / "ablation.md").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("| plain"))
    assert line.rstrip(" |").endswith("–")


def test_the_command_writes_table_csv_and_figure(arguments: dict[str, str], tmp_path: Path) -> None:
    finished = run_command(arguments, tmp_path)
    assert finished.returncode == 0, finished.stderr
    text = (tmp_path / "ablation.md").read_text(encoding="utf-8")
    assert "pseudo_queries.distinct: None → 5" in text
    line = next(line for line in text.splitlines() if line.startswith("| plain"))
    assert line.rstrip(" |").endswith("15")  # CPU seconds: the mean of 10 and 20
    table = pd.read_csv(tmp_path / "ablation.csv")
    assert table.loc[(table["baseline"] == "plain") & (table["measure"] == "MAP"), "shown"].item() == 5
    svg = (tmp_path / "ablation.svg").read_text(encoding="utf-8")
    assert "different pseudo-queries of a document" in svg
    assert (tmp_path / "ablation.png").stat().st_size > 0


def test_an_unknown_reference_is_refused(arguments: dict[str, str], tmp_path: Path) -> None:
    finished = run_command({**arguments, "--reference": "dis"}, tmp_path)
    assert finished.returncode == 1
    assert "--reference: found 'dis', expected one of dsi, plain" in finished.stderr
