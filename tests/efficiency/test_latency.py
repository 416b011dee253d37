"""Latency of a whole run, small: what the command measures, and what it says of it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import T5ForConditionalGeneration

from dsi.docids.schemes import atomic
from dsi.model.checkpoint import save_checkpoint
from tests.conftest import DOCUMENTS
from tests.efficiency.conftest import prune_half

DENSE, PRUNED = "baselines/dsi/seed1/dense", "recovered/dsi/seed1/magnitude-0.5"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def results(tiny_model: T5ForConditionalGeneration, tokenizer_folder: Path, tmp_path: Path) -> Path:
    for slug in (DENSE, PRUNED):
        retriever = {"task": "docid", "scheme": "atomic", "max_tokens": 12}
        save_checkpoint(tiny_model, tokenizer_folder, atomic(DOCUMENTS), tmp_path / slug, retriever)
        prune_half(tiny_model)
    return tmp_path


def test_the_command_measures_and_says_what_is_gained(results: Path, command: Command) -> None:
    options = ("--input-length", 4, "--batch", 3, "--threads", 1, "--rounds", 3)
    output = results / "latency.json"
    ended = command(
        "measure_latency", PRUNED, "--dense", DENSE, "--results", results, *options, "--output", output
    )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(output.read_text())
    assert report["hardware"]["threads"] == 1
    assert (report["query"]["batch"], report["batch"]["batch"]) == (1, 3)
    assert report["runtime"].startswith("onnxruntime 1.")
    assert set(report["runtime_bytes"][DENSE]) == {"float32", "int8"}
    for workload in ("query", "batch"):
        entry = report[workload]["checkpoints"][PRUNED]
        assert {"dense"} <= set(entry["kernels"]) <= {"dense", "csr"}
        assert "gain" not in entry, "each kernel has its own"
        assert set(entry["kernels"]["dense"]["speedup"]) == {"lower", "median", "upper"}
        runtime = report[workload]["runtime"]
        assert list(runtime) == [DENSE], "zeros cost as much in int8 as other weights"
        assert {name: set(times) for name, times in runtime[DENSE].items()} == {
            "float32": {"seconds", "queries_per_second", "speedup"},
            "int8": {"seconds", "queries_per_second", "speedup", "over_float32"},
        }
        seconds = report[workload]["dense"]["seconds"]
        assert 0 < seconds["lower"] <= seconds["median"] <= seconds["upper"]


def test_a_folder_is_no_slug(results: Path, command: Command) -> None:
    options = ("--input-length", 4, "--batch", 3, "--threads", 1, "--output", results / "latency.json")
    ended = command("measure_latency", results / PRUNED, "--dense", DENSE, "--results", results, *options)
    assert ended.returncode == 1
    assert "names no system; expected" in ended.stderr.splitlines()[-1]
