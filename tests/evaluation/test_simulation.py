"""The simulation of the verdict's sentences runs, and says the same each time."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_tiny_simulation_has_its_three_tables(tmp_path: Path) -> None:
    texts = []
    for name in ("a.md", "b.md"):
        command = [sys.executable, ROOT / "benchmarks/simulate_sentences.py", "--tiny", "--output"]
        done = subprocess.run([*command, tmp_path / name], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]
    for title in (
        "**The claim** (10 experiments",
        "**Criteria** (4 experiments",
        "**Looks** (10 experiments",
    ):
        assert title in texts[0]
    # 5 gains at 3 numbers of seeds; 3 seed variances at 2; checkpoints once and training at 3.
    assert sum(line.startswith("| ") for line in texts[0].splitlines()) == 15 + 6 + 4 + 3
