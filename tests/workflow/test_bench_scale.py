"""The benchmark of growth walks every stage, and has an exponent of each."""

import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]


def test_a_tiny_growth_has_memory_and_time_of_every_stage(tmp_path: Path) -> None:
    sizes = ("300", "600")
    command = [
        sys.executable,
        ROOT / "benchmarks/bench_scale.py",
        "--documents",
        *sizes,
        "--output",
        tmp_path,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    frame = pd.read_csv(tmp_path / "scale.csv")
    assert frame.groupby("stage")["documents"].apply(list).map(lambda found: found == [300, 600]).all()
    assert frame["stage"].nunique() == 15
    assert (frame["megabytes"] >= frame["start"]).all()
    assert (frame["seconds"] > 0).all()
    rows = (tmp_path / "scale.md").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("| ") for line in rows) == 1 + 15
    assert "MB, 300" in rows[2] and "time ~ N^" in rows[2]
    assert (tmp_path / "scale.png").stat().st_size > 0
    # What the stages write is large, and is not kept.
    assert not list(tmp_path.glob("scale-*"))
