"""The tables of the published study, as the command makes them."""

import json
from pathlib import Path

import pandas as pd

from dsi.report.reproduction.frame import reproduction_frame
from dsi.report.reproduction.seen_targets import seen_sections
from dsi.systems import System
from tests.report.conftest import Command, row, written
from tests.report.reproduction.conftest import (
    entry,
    long_history,
    pruned_entry,
    pruned_reports,
    published_values,
    report,
)
from tests.report.reproduction.test_seen_targets import collection


def test_the_command_writes_markdown_and_csv(tmp_path: Path, command: Command) -> None:
    for number, one in enumerate(pruned_reports(1, 0.002, 0.003)):
        (tmp_path / f"{number}.json").write_text(json.dumps(written(one)))
        published_values([one]).drop(columns=list(System._fields)).to_parquet(
            tmp_path / f"{number}.per_query.parquet"
        )
    (tmp_path / "rows.json").write_text(json.dumps([entry(), pruned_entry(0.2), pruned_entry(0.3)]))
    for name, frame in collection().items():
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
    trained = tmp_path / "baselines/small-k5/seed1/dense/history.parquet"
    generated = tmp_path / "runs/baselines/small-k5/seed1/dense.outputs.parquet"
    for path in (trained, generated):
        path.parent.mkdir(parents=True)
    long_history().to_parquet(trained, index=False)
    qids = ["v1", "t1", "t2", "t3", "t4"]
    lists = ["x y", "a x", "", "z", "a"]
    pd.DataFrame({"qid": qids, "padded_loss": 1.0, "k_list": lists, "full_list": lists}).to_parquet(generated)
    options = [
        *("--metrics", *sorted(tmp_path.glob("[0-9].json")), "--rows", f"@{tmp_path / 'rows.json'}"),
        *("--collection", tmp_path, "--relevance", 1, "--confidence", 0.95),
        *("--output", tmp_path / "reproduction.md", "--csv", tmp_path / "reproduction.csv"),
    ]
    done = command("make_reproduction", *options, "--histories", trained, "--outputs", generated)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "reproduction.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## The study's tables",
        "## The study's claims",
    ]
    # t1 has both of its targets, x though not seen in training.
    assert "| up to half" in text
    assert len(pd.read_csv(tmp_path / "reproduction.csv")) == 8

    wrong = command("make_reproduction", *options, "--outputs", tmp_path / "0.json")
    assert wrong.returncode == 1
    assert "expected …/runs/<system>.outputs.parquet" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    wrong = command("make_reproduction", *options, "--histories", tmp_path / "0.json")
    assert wrong.returncode == 1
    assert "expected …/baselines/<baseline>/seed<n>/dense/history.parquet" in wrong.stderr


def test_seeds_of_a_system_are_one_section(tmp_path: Path) -> None:
    for name, frame in collection().items():
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
    paths = [tmp_path / f"runs/baselines/small-k5/seed{seed}/dense.outputs.parquet" for seed in (1, 2)]
    for path, found in zip(paths, ("a x", ""), strict=True):
        path.parent.mkdir(parents=True)
        lists = pd.DataFrame({"qid": ["t1", "t2", "t3", "t4"], "k_list": found, "full_list": found})
        lists.assign(padded_loss=1.0).to_parquet(path)
    frame = reproduction_frame([report("small-k5", "dense")]).assign(k=2)
    (section,) = seen_sections(paths, tmp_path, 1, frame)
    assert "### Documents that no training query teaches: small-k5, dense, mean of 2 seeds" in section
    # t1 has both of its targets in one seed and none in the other.
    assert row(section, "up to half")[2:] == ["0.50000", "0.50000"]
