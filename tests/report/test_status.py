"""How far a study is, by the command."""

import fcntl
import time
from pathlib import Path

from dsi.base.progress import Job, Run, write_run
from tests.report.conftest import Command


def test_a_run_that_holds_the_folder_is_running(tmp_path: Path, command: Command) -> None:
    write_run(Run(7, 20, time.time() - 60, (Job("training E1", "", time.time() - 5),)), tmp_path)
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = command("status", tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path}: running\n[7/20] after 1:0" in done.stdout
    assert "  training E1 · since 0:" in done.stdout


def test_a_run_that_does_not_has_stopped_or_finished(tmp_path: Path, command: Command) -> None:
    write_run(Run(7, 20, 0.0, (Job("training E1", "", 0.0),)), tmp_path)
    assert command("status", tmp_path).stdout.splitlines() == [
        f"{tmp_path}: stopped, 7 of 20 jobs done; the same command goes on from there",
        "  was running: training E1",
    ]
    write_run(Run(20, 20, 0.0, ()), tmp_path)
    assert command("status", tmp_path).stdout == f"{tmp_path}: finished, 20 of 20 jobs done\n"


def test_a_folder_without_a_run_is_an_error(tmp_path: Path, command: Command) -> None:
    done = command("status", tmp_path)
    assert done.returncode == 1
    assert (
        f"found no run in {tmp_path}, expected the results folder of a study that was started" in done.stderr
    )
