"""Where the time went: benchmarks and the small files of CPU times."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dsi.report.timings import read_jobs, summarise, timings_page
from tests.report.conftest import Command


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two jobs of `dense`, of which one has CPU times, and one of `evaluate` in a folder of its own."""
    jobs = {"dense/dsi-seed1": (100.0, 900.0), "dense/dsi-seed2": (50.0, 800.0)}
    jobs["evaluate/baselines/dsi/seed1/dense"] = (2.0, 300.0)
    for job, (seconds, memory) in jobs.items():
        path = tmp_path / f"benchmarks/{job}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\t-\t{memory}\t-\n")
    times = {"dense/dsi-seed1": (6.0, 180.0), "evaluate/baselines/dsi/seed1/dense": (1.5, 2.0)}
    for job, (start_up, total) in times.items():
        path = tmp_path / f"logs/{job}.log.times"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"start_up": start_up, "total": total}))
    # What stands in a log is for readers.
    (tmp_path / "logs/dense/dsi-seed2.log").write_text("finished after 77.00 CPU-seconds\n")
    return tmp_path


def test_a_job_without_times_counts_nothing(study: Path) -> None:
    jobs = read_jobs(study / "benchmarks", study / "logs")
    assert jobs.to_numpy().tolist() == [
        ["dense", 100.0, 180.0, 6.0, 900.0],
        ["dense", 50.0, 0.0, 0.0, 800.0],
        ["evaluate", 2.0, 2.0, 1.5, 300.0],
    ]


def test_sums_by_rule_and_of_all(study: Path) -> None:
    table = summarise(read_jobs(study / "benchmarks", study / "logs"))
    assert table.to_numpy().tolist() == [
        ["dense", 2, 150.0, 180.0, 6.0, 900.0],
        ["evaluate", 1, 2.0, 2.0, 1.5, 300.0],
        ["all", 3, 152.0, 182.0, 7.5, 900.0],
    ]
    assert "3 jobs used 182 CPU-seconds; start-up (Python's imports) was 4% of them." in timings_page(
        table, "Made by us."
    )


def test_the_command_writes_csv_and_markdown(study: Path, command: Command) -> None:
    done = command(
        "summarise_timings", "--benchmarks", study / "benchmarks", "--logs", study / "logs",
        "--csv", study / "timings.csv", "--markdown", study / "timings.md",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(study / "timings.csv")["rule"].tolist() == ["dense", "evaluate", "all"]
    assert "| dense    |      2 |" in (study / "timings.md").read_text()


def test_a_study_without_times_has_no_share(study: Path) -> None:
    for path in study.rglob("*.times"):
        path.unlink()
    page = timings_page(summarise(read_jobs(study / "benchmarks", study / "logs")), "")
    assert "was 0% of them" in page


def test_a_job_too_short_to_be_measured_has_no_peak(study: Path) -> None:
    (study / "benchmarks/evaluate/baselines/dsi/seed1/dense.tsv").write_text("s\tmax_rss\n0.1\tNA\n")
    page = timings_page(summarise(read_jobs(study / "benchmarks", study / "logs")), "")
    assert "nan" not in page
    line = next(line for line in page.splitlines() if line.startswith("| evaluate"))
    assert line.split("|")[-2].strip() == "–"
