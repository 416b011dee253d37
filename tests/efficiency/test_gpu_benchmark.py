"""The benchmark of one card, rehearsed on the processor: every part runs and says something."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "Training, K 5, batch 8",
    "Trainings side by side on one card",
    "Hours of studies/msmarco.yaml",
    "A docid retriever of 100 documents, batch 128",
    "The first 1000 documents",
    "2:4",
    "int8",
)


def test_a_rehearsal_has_every_part(tmp_path: Path) -> None:
    command = [ROOT / "benchmarks/gpu.sh", "--device", "cpu", "--tiny", "--output", tmp_path]
    environment = {**os.environ, "LIMIT": "3600"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "gpu.md").read_text(encoding="utf-8")
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(PARTS)
    assert "Failed" not in page
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    for name in ("t5-small", "t5-large", "t5-small-k10", "all", "atomic, ranked", "semantic, ranked"):
        assert name in rows
    assert "Not measured: no CUDA device" in page


def test_without_a_card_it_says_so() -> None:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [ROOT / "benchmarks/gpu.sh"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "found no card that torch can use; expected one, or --device cpu --tiny" in done.stderr
