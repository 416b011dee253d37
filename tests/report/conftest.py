"""A toy study, with numbers worked by hand.

Two seeds and two rates. MAP on the test queries:

             seed 1  seed 2   mean  sd (n - 1)
    dense      0.50    0.60   0.55  0.070711
    continued  0.55    0.63   0.59
    restart    0.52    0.60   0.56
    pruned 0.5   0.30  0.50   0.40  0.141421    minus dense: -0.20, -0.10
    recovered 0.5 0.50 0.62   0.56              minus restart: -0.02, +0.02; mean 0, sd 0.028284
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dsi.evaluation.measures import MEASURES
from dsi.report.frames import sparsity_frame
from dsi.report.results import MetricReport, Sparsity
from dsi.systems import System

Command = Callable[..., subprocess.CompletedProcess[str]]

FACTS = {"collection": "toy", "e1": {"dsi": 4}, "e2": 2, "agreement_k": 10, "configuration": "0b1c2d3e4f5a"}
MAP = {
    ("dense", None): (0.50, 0.60),
    ("dense-continued", None): (0.55, 0.63),
    ("restart", None): (0.52, 0.60),
    ("pruned", 0.5): (0.30, 0.50),
    ("recovered", 0.5): (0.50, 0.62),
    ("pruned", 0.25): (0.45, 0.55),
    ("recovered", 0.25): (0.51, 0.61),
}


def report(arm: str, value: float, seed: int | None = None, rate: float | None = None) -> MetricReport:
    """What `evaluate` writes of a system whose measures are all `value`, on validation 0.1 more."""
    baseline = None if seed is None else "dsi"
    criterion = None if rate is None else "magnitude"
    counts = {"evaluated": 20, "without_relevant": 0, "missing_from_run": 0}

    def measures(number: float) -> dict[str, float | None]:
        return dict.fromkeys(MEASURES, number) | ({} if baseline else {"loss": None})

    return MetricReport(
        system=System(baseline, seed, arm, criterion, rate),
        measures={"test": measures(value), "validation": measures(value + 0.1)},
        queries={"test": counts, "validation": counts | {"evaluated": 10}},
        parameters={"relevance": 1, "agreement_k": 10},
        published=None,
    )


def written(item: MetricReport) -> dict[str, Any]:
    """The contents of the metric JSON."""
    contents = {**item._asdict(), "system": item.system._asdict()}
    published = contents.pop("published")
    return contents if published is None else {**contents, "study": published}


def all_reports() -> list[MetricReport]:
    models = [
        report(arm, values[seed - 1], seed, rate) for (arm, rate), values in MAP.items() for seed in (2, 1)
    ]
    return [*models, report("random", 0.01), report("bm25", 0.6)]


def sparsity(rate: float) -> Sparsity:
    """Of a model of 1000 weights, half of them in Linears, of which four in five can matter."""
    return Sparsity(rate, rate / 0.8, rate / 2, 1000 * (1 - rate / 2))


def all_sparsity() -> pd.DataFrame:
    return sparsity_frame(
        (System("dsi", seed, "pruned", "magnitude", rate), sparsity(rate))
        for seed in (1, 2)
        for rate in (0.25, 0.5)
    )


def row(markdown: str, start: str) -> list[str]:
    """Cells of the first table row that begins so."""
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def per_query(item: MetricReport) -> pd.DataFrame:
    """As many queries as the report counts, each with the report's mean."""
    rows = [
        (f"{split}{number}", split, measure, item.measures[split][measure])
        for split, counts in item.queries.items()
        for number in range(counts["evaluated"])
        for measure in ("MAP", "nDCG@10", "MRR@10")
    ]
    return pd.DataFrame(rows, columns=["qid", "split", "measure", "value"])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A study's metric, per-query and sparsity files."""
    for item in all_reports():
        path = tmp_path / "metrics" / f"{item.system.slug}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(written(item)))
        per_query(item).to_parquet(path.with_suffix(".per_query.parquet"))
    for seed in (1, 2):
        for rate in (0.25, 0.5):
            path = tmp_path / f"pruned/dsi/seed{seed}/magnitude-{rate}/sparsity.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps({"nominal": rate, **sparsity(rate)._asdict()}))
    pd.DataFrame({"docid": [f"d{n}" for n in range(2000)]}).to_parquet(tmp_path / "docs.parquet")
    return tmp_path


@pytest.fixture
def make_tables(command: Command) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs make_tables on a study's files: `make_tables(results, out)`."""

    def run(results: Path, out: Path, reverse: bool = False) -> subprocess.CompletedProcess[str]:
        metrics = sorted((results / "metrics").rglob("*.json"), reverse=reverse)
        sparsity = sorted((results / "pruned").rglob("sparsity.json"), reverse=reverse)
        return command(
            "make_tables", "--metrics", *metrics, "--results", results, "--sparsity", *sparsity,
            "--documents", results / "docs.parquet", "--facts", json.dumps(FACTS),
            "--confidence", "0.95", "--margin", "0.02",
            "--output", out / "tables.md", "--csv", out / "tables",
        )  # fmt: skip

    return run
