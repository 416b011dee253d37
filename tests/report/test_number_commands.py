"""Each number has its command: it is run, and gives the number."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from dsi.evaluation.trec_qrels import write_qrels
from dsi.report.frames import metrics_frame
from dsi.report.number_commands import number_commands, qrels_file, with_commands
from dsi.report.results import read_metrics
from tests.report.conftest import Command, report
from tests.report.small_results import DENSE, PRUNED, write_results

NAMES = {"AP": "MAP", "RR@10": "MRR@10"}


def printed(line: str, folder: Path) -> dict[str, str]:
    """What a command prints: measure → value, run in the environment as a user does."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        line, shell=True, cwd=folder, env={**os.environ, "PATH": path}, text=True, capture_output=True,
        check=True,
    )  # fmt: skip
    pairs = [row.split("\t") for row in done.stdout.splitlines()]
    return {NAMES.get(name, name): value for name, value in pairs}


@pytest.fixture
def checkout(tmp_path: Path, command: Command) -> Path:
    """A folder with the small study's results, listed."""
    results = write_results(tmp_path / "results")
    files = sorted((results / "metrics").rglob("*.json"))
    done = command(
        "list_experiments",
        "--results",
        results,
        "--metrics",
        *files,
        "--settings",
        '{"dsi": {"task": "docid"}}',
    )
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.mark.parametrize(
    ("slug", "split"),
    [("bm25", "test"), (PRUNED.format(seed=2), "test"), (DENSE.format(seed=1), "validation")],
)
def test_the_command_gives_the_printed_value(checkout: Path, slug: str, split: str) -> None:
    item = read_metrics(checkout / f"results/metrics/{slug}.json")
    commands = number_commands(item, split, Path("results"))
    assert (checkout / commands.run).is_file()
    values = printed(str(commands.evaluate), checkout) | printed(str(commands.evaluate_mrr), checkout)
    assert set(values) == {"MAP", "MRR@10", "nDCG@10", "R@10", "R@100", "R@1000"}
    assert values == {name: f"{item.measures[split][name]:.4f}" for name in values}


def test_the_commands_are_those_of_the_documents(checkout: Path) -> None:
    item = read_metrics(checkout / "results/metrics/bm25.json")
    assert number_commands(item, "test", Path("results")) == (
        "results/runs/bm25.trec.gz",
        "ir_measures results/qrels/test.txt results/runs/bm25.trec.gz AP nDCG@10 R@10 R@100 R@1000",
        "zcat results/runs/bm25.trec.gz | awk '{$5=-$4}1'"
        " | ir_measures results/qrels/test.txt /dev/stdin RR@10",
        "snakemake --cores 2 results/metrics/bm25.json --configfile results/configuration.json",
    )


def test_grades_from_two_on_are_named_by_split(checkout: Path) -> None:
    item = read_metrics(checkout / "results/metrics/bm25.json")
    graded = item._replace(parameters={"relevance": {"train": 1, "validation": 1, "test": 2}})
    commands = number_commands(graded, "test", Path("my results"))
    assert str(commands.evaluate).endswith(
        "'my results/runs/bm25.trec.gz' 'AP(rel=2)' nDCG@10 'R(rel=2)@10' 'R(rel=2)@100' 'R(rel=2)@1000'"
    )
    assert number_commands(graded, "validation", Path("results")).evaluate == (
        "ir_measures results/qrels/validation.txt results/runs/bm25.trec.gz AP nDCG@10 R@10 R@100 R@1000"
    )


def test_ties_are_broken_as_here(tmp_path: Path) -> None:
    """Equal scores: by descending docid the relevant document is the second, by ascending docid the first."""
    run = tmp_path / "results/runs/bm25.trec"
    run.parent.mkdir(parents=True)
    run.write_text("q1 Q0 b 1 0.5 x\nq1 Q0 a 2 0.5 x\n")
    subprocess.run(["gzip", "-k", "-S", ".gz", str(run)], check=True)
    qrels = pd.DataFrame({"qid": ["q1"], "docid": ["a"], "grade": [1]})
    write_qrels(qrels, qrels_file(tmp_path / "results", "test"))
    commands = number_commands(report("bm25", 0.5), "test", Path("results"))
    assert printed(str(commands.evaluate), tmp_path)["MAP"] == "0.5000"
    assert printed(str(commands.evaluate_mrr), tmp_path) == {"MRR@10": "0.5000"}


def test_what_ir_measures_cannot_give_has_no_command() -> None:
    item = report("bm25", 0.5)
    counts = {"evaluated": 0, "without_relevant": 3, "missing_from_run": 0}
    groups = item._replace(
        measures=item.measures | {"test-seen": item.measures["test"]},
        queries=item.queries | {"test-seen": counts, "validation": counts},
    )
    frame = with_commands(metrics_frame([groups]), [groups], Path("results")).set_index("split")
    assert frame["evaluate"].notna().to_dict() == {"test": True, "test-seen": False, "validation": False}
    assert frame["evaluate_mrr"].notna().equals(frame["evaluate"].notna())
    assert set(frame["make"]) == {
        "snakemake --cores 2 results/metrics/bm25.json --configfile results/configuration.json"
    }
