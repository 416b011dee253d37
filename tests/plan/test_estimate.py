"""About how long a plan will take."""

from pathlib import Path

from plan.estimate import time_words


def test_planned_jobs_take_the_mean_of_their_rule(tmp_path: Path) -> None:
    for name, seconds in (("dense/a-seed1", 100), ("dense/a-seed2", 140), ("evaluate/baselines/a/x", 3)):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{seconds}\t0:00\n")
    # 3 · 120 + 2 · 3 = 366 seconds
    found = time_words({"dense": 3, "evaluate": 2, "all": 1, "total": 6}, tmp_path, 1)
    assert found == f"About 6 minutes, one job after the other, by 3 measured in {tmp_path}"
    found = time_words({"dense": 3, "prune": 2, "total": 5}, tmp_path, 2)
    assert found.startswith("About 3 minutes, with 2 jobs at a time, by 2 measured in ")
    assert found.endswith("; never measured there: prune")


def test_nothing_is_said_where_nothing_was_measured(tmp_path: Path) -> None:
    assert time_words({"dense": 3, "all": 1, "total": 4}, tmp_path, 1) == ""
