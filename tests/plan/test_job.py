"""A job of a run: alone, no longer than its run, and clear about the signal that ended it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dsi.base.locks import holder_of
from plan.job import RUN, TIMES, lock_of
from tests.plan.conftest import SCRIPTS

# What stands for Snakemake: it starts shells as that does, and each of them a job that says so and lasts.
RUNS = """
import os, subprocess, sys
from plan.job import RUN, run_name
os.environ[RUN] = run_name()
shell = 'set -euo pipefail; "$0" -c "$1" > "$DSI_TIMES.out" 2>&1'
jobs = [subprocess.Popen(["bash", "-c", shell, sys.executable, sys.argv[1]]) for _ in range(int(sys.argv[2]))]
print(*(job.pid for job in jobs), flush=True)
sys.exit(max(job.wait() for job in jobs))
"""
JOB = """
import os, pathlib, time
from plan.job import beside_no_other
log = pathlib.Path(os.environ["DSI_TIMES"])
with beside_no_other():
    mine = log.with_name(f"{os.getpid()}.started")
    try:
        mine.touch()
        while not log.with_name("enough").exists():
            time.sleep(0.01)
    finally:
        mine.rename(log.with_name(f"{os.getpid()}.ended"))
"""


def until(condition: Callable[[], object]) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that within a minute")


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a run with jobs that write the same log."""
    processes: list[subprocess.Popen[str]] = []

    def started(jobs: int = 1, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["env", "--default-signal", sys.executable, "-c", RUNS, JOB, str(jobs)],
            env={**os.environ, "PYTHONPATH": str(SCRIPTS), TIMES: str(tmp_path / "a.log.times"), **variables},
            text=True,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield started
    (tmp_path / "enough").touch()
    for process in processes:
        process.wait()


def started(folder: Path) -> list[int]:
    return [int(path.stem) for path in folder.glob("*.started")]


def said(folder: Path) -> str:
    return (folder / "a.log.times.out").read_text()


def test_a_second_job_of_the_same_log_waits_for_the_first(start: Start, tmp_path: Path) -> None:
    run = start(jobs=2)
    until(lambda: "waiting for process " in said(tmp_path) if started(tmp_path) else False)
    [first] = started(tmp_path)
    assert f"waiting for process {first} on " in said(tmp_path)
    (tmp_path / "enough").touch()
    assert run.wait() == 0
    assert len(list(tmp_path.glob("*.ended"))) == 2
    assert not lock_of(tmp_path / "a.log").exists()


def test_a_job_ends_when_its_run_is_killed(start: Start, tmp_path: Path) -> None:
    run = start()
    until(lambda: started(tmp_path))
    run.kill()
    until(lambda: list(tmp_path.glob("*.ended")))
    until(lambda: holder_of(lock_of(tmp_path / "a.log")) is None)
    assert "error: ended by signal 15 (SIGTERM)" in said(tmp_path)


def test_a_job_ends_when_its_shell_is_killed(start: Start, tmp_path: Path) -> None:
    run = start()
    assert run.stdout is not None
    os.kill(int(run.stdout.readline()), signal.SIGKILL)
    until(lambda: not started(tmp_path))
    assert run.wait() != 0


def test_a_signal_in_a_long_call_outside_python_ends_the_job_all_the_same(tmp_path: Path) -> None:
    """As in an index build of Lucene's, from which Python sees no signal."""
    long = "hashlib.pbkdf2_hmac('sha512', b'', b'', 2**31 - 1)"
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import hashlib; from plan import job; job.SECONDS = 0.1\n"
            f"with job.beside_no_other():\n    print('in it', flush=True); {long}",
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(SCRIPTS),
            TIMES: str(tmp_path / "a.log.times"),
            RUN: "1 elsewhere",
        },
        text=True,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in it\n"
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM


def test_a_job_whose_run_is_gone_before_it_does_not_begin(tmp_path: Path) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "from plan.job import run_name; print(run_name())"],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        text=True,
        capture_output=True,
        check=True,
    )
    variables = {"PYTHONPATH": str(SCRIPTS), TIMES: str(tmp_path / "a.log.times"), RUN: gone.stdout.strip()}
    done = subprocess.run(
        [sys.executable, "-c", JOB],
        env={**os.environ, **variables},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "error: the run that started this job has ended" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_counts_processes_otherwise_is_not_watched(start: Start, tmp_path: Path) -> None:
    """As outside a container: a job that does not find its run is not taken for an orphan."""
    (tmp_path / "enough").touch()
    done = subprocess.run(
        [sys.executable, "-c", JOB],
        env={
            **os.environ,
            "PYTHONPATH": str(SCRIPTS),
            TIMES: str(tmp_path / "a.log.times"),
            RUN: "1 elsewhere",
        },
        check=False,
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGTERM, "signal 15 (SIGTERM)"), (signal.SIGINT, "signal 2 (SIGINT)")]
)
def test_a_job_that_a_signal_ends_says_so_in_a_line_and_cleans_up(
    start: Start, tmp_path: Path, number: signal.Signals, words: str
) -> None:
    run = start()
    until(lambda: started(tmp_path))
    [job] = started(tmp_path)
    os.kill(job, number)
    assert run.wait() == 128 + number
    assert said(tmp_path) == f"error: ended by {words}\n"
    assert [path.stem for path in tmp_path.glob("*.ended")] == [str(job)]
    assert not lock_of(tmp_path / "a.log").exists()
