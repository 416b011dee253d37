"""What a run says when signals end it or its jobs, and that it ends them."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from dsi.base.progress import Run, write_run
from plan.interruption import Interruption, end_jobs, signal_of
from tests.plan.conftest import SCRIPTS

COMMAND = "DSI_CODE=1 $DSI_PYTHON $DSI_SCRIPTS train > results/logs/a.log 2>&1"
FAILED = (
    'RuleException:\nCalledProcessError in file "rules/training.smk", line 23:\n'
    f"Command 'set -euo pipefail;  {COMMAND}' returned non-zero exit status %d."
)


def record(message: str, **fields: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, **fields})


class Finished:
    """A scheduler that is told to finish."""

    def __init__(self) -> None:
        self.times = 0

    def exit_gracefully(self) -> None:
        self.times += 1


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What the logger says."""
    logger, lines = logging.getLogger("tests.interruption"), []
    handler = logging.Handler()
    handler.emit = lambda item: lines.append(item.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    handlers = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield lines
    logger.removeHandler(handler)
    logger.filters.clear()
    for number, before in handlers.items():
        signal.signal(number, before)


@pytest.fixture
def interruption(said: list[str], tmp_path: Path) -> tuple[Interruption, Finished]:
    scheduler = Finished()
    item = Interruption(logging.getLogger("tests.interruption"), tmp_path)
    item.install(SimpleNamespace(local_exec=True, scheduler=scheduler))
    return item, scheduler


def until(condition: Any) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that within ten seconds")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_finishes_what_runs_and_the_second_ends_it(
    interruption: tuple[Interruption, Finished], said: list[str], number: signal.Signals
) -> None:
    _, scheduler = interruption
    job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    signal.raise_signal(number)
    until(lambda: scheduler.times)
    assert said == [f"{number.name}: no job starts any more, those that run may end (once more: end them)"]
    assert job.poll() is None
    signal.raise_signal(number)
    assert job.wait(60) == -signal.SIGTERM
    assert scheduler.times == 1
    assert len(said) == 1


def test_before_the_first_job_a_line_is_all(tmp_path: Path) -> None:
    code = (
        "import asyncio, logging, pathlib, signal\n"
        "from plan.interruption import Interruption\n"
        "Interruption(logging.getLogger(), pathlib.Path()).await_jobs()\n"
        "async def plan(): signal.raise_signal(signal.SIGINT)\n"
        "asyncio.run(plan())\n"
    )
    done = subprocess.run(
        ["env", "--default-signal", sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "SIGINT: ended before the first job\n")


def test_on_a_cluster_signals_stay_snakemakes(said: list[str], tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    item = Interruption(logging.getLogger("tests.interruption"), tmp_path)
    item.install(SimpleNamespace(local_exec=False))
    assert signal.getsignal(signal.SIGINT) == before


def test_children_of_children_are_ended_too() -> None:
    shell = subprocess.Popen(["bash", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
    assert shell.stdout is not None
    sleeper = Path(f"/proc/{int(shell.stdout.readline())}")
    end_jobs(signal.SIGKILL)
    assert shell.wait(60) == -signal.SIGKILL
    until(lambda: not sleeper.exists() or "\nState:\tZ" in (sleeper / "status").read_text())


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (FAILED % 137, 9),
        (FAILED % 143, 15),
        (FAILED % 1, None),
        (FAILED % 255, None),
        ("Command 'train' died with <Signals.SIGKILL: 9>.", 9),
        ("WorkflowError: something else", None),
    ],
)
def test_the_signal_stands_in_snakemakes_message(message: str, expected: int | None) -> None:
    assert signal_of(message) == expected


def test_a_killed_job_is_explained(interruption: tuple[Interruption, Finished]) -> None:
    item, _ = interruption
    killed = record(FAILED % 137, event=LogEvent.ERROR)
    assert item.filter(killed)
    assert "\nThe job was killed by signal 9 (SIGKILL): out of memory? " in killed.getMessage()
    broken = record(FAILED % 139, event=LogEvent.ERROR)
    assert item.filter(broken)
    assert broken.getMessage().endswith(
        "\nThe job was killed by signal 11 (SIGSEGV); the same command goes on from what is done"
    )
    failed = record(FAILED % 1, event=LogEvent.ERROR)
    assert item.filter(failed)
    assert failed.getMessage() == FAILED % 1


def test_of_a_run_that_was_asked_to_end_a_last_line_is_shown_and_what_failed_by_itself(
    interruption: tuple[Interruption, Finished], tmp_path: Path
) -> None:
    item, _ = interruption
    item.asked = 1
    write_run(Run(12, 72, 0.0, ()), tmp_path)
    assert not item.filter(record(FAILED % 130, event=LogEvent.ERROR))
    assert not item.filter(record("Error in rule a", event=LogEvent.JOB_ERROR, shellcmd=COMMAND))
    other = record("Error in rule b", event=LogEvent.JOB_ERROR, shellcmd="evaluate > b.log")
    assert item.filter(record((FAILED % 1).replace(COMMAND, "evaluate > b.log"), event=LogEvent.ERROR))
    assert item.filter(other)
    for around in ("Shutting down, this might take some time.", "Complete log(s): a", "Elapsed time: 1"):
        assert not item.filter(record(around))
    last = record("WorkflowError:\nAt least one job did not complete successfully.")
    assert item.filter(last)
    assert last.getMessage() == "Stopped, 12 of 72 jobs done; the same command goes on from there"
