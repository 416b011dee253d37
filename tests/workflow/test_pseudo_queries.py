"""Sources of generated queries in a study: read once, and their words analysed apart."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.conftest import ROOT

MODEL = {"number": 2, "top_k": 5, "document_tokens": 8, "query_tokens": 4, "batch_size": 2, "seed": 7}


def snakemake(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", *arguments),
            *("--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)),
        ],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def overlay(folder: Path) -> Path:
    """Three baselines on the smallest study: two draw from the same file, one from a model."""
    (folder / "queries").write_text("networkx.x\ta\n", encoding="utf-8")
    model = folder / "doc2query"
    model.mkdir()
    for name in ("config.json", "model.safetensors"):
        (model / name).touch()
    of_file = {"generated": {"path": "queries"}, "weights": {"generated": 0.5}}
    of_model = {"generated": {"model": str(model), **MODEL}, "weights": {"generated": 0.5}}
    baselines = {
        "by-file": {"extends": "smoke", "prune": False, "pseudo_queries": of_file},
        "by-file-more": {"extends": "by-file", "pseudo_queries": {"per_document": 3}},
        "by-model": {"extends": "smoke", "prune": False, "pseudo_queries": of_model},
    }
    path = folder / "overlay.yaml"
    path.write_text(yaml.safe_dump({"run": list(baselines), "baselines": baselines, "seeds": [1]}))
    return path


def test_one_source_is_read_once_and_its_words_analysed_apart(tmp_path: Path) -> None:
    printed = snakemake(
        tmp_path,
        *("results/smoke/tables.md", "--dry-run", "--quiet", "host"),
        *("--configfile", str(ROOT / "studies/smoke.yaml"), str(overlay(tmp_path))),
    )
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", printed, re.MULTILINE))
    counted = (
        "dense",
        "read_pseudo_queries",
        "generate_pseudo_queries",
        "analyse_pseudo_queries",
        "export_bm25",
    )
    assert {name: jobs[name] for name in counted} == {
        "dense": "3",
        "read_pseudo_queries": "1",
        "generate_pseudo_queries": "1",
        "analyse_pseudo_queries": "2",
        "export_bm25": "1",
    }
