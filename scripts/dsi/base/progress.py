"""How far a run and its long jobs are, told by files alone.

A run writes what it is doing into <results>/.progress.json whenever a job starts or ends; a long job writes
a line into its log for each step that is done, `12:34:56 INFO epoch 7/20: validation_MAP 0.6102, …`.
"""

import json
import os
import re
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

NAME = ".progress.json"
DAY = 24 * 3600
STEP = re.compile(r"^(\d\d):(\d\d):(\d\d) INFO (epoch|part) (\d+)/(\d+)(?:: (.*))?$", re.MULTILINE)
VALIDATION = re.compile(r"\bvalidation_\S+ [^\s,]+")
PREFERRED = re.compile(r"\bvalidation_MAP [^\s,]+")


class Job(NamedTuple):
    """A job that runs: what the terminal says of it, its log, and since when (seconds since 1970)."""

    message: str
    log: str
    since: float


class Run(NamedTuple):
    """A run: jobs that are done, of how many, since when, and those that run. Done jobs of earlier runs of
    the same study do not count."""

    done: int
    total: int
    since: float
    jobs: tuple[Job, ...]


class Steps(NamedTuple):
    """How far a job is: `epoch` 7 of 20, the last value that it measured, and seconds left."""

    what: str
    done: int
    of: int
    value: str
    left: float


def write_run(run: Run, folder: Path) -> None:
    """Write it as a whole, so that a reader never finds half of it."""
    temporary = folder / f".{os.getpid()}.{NAME}"  # a name that the next run sweeps after a kill
    content = {**run._asdict(), "jobs": [job._asdict() for job in run.jobs]}
    temporary.write_text(json.dumps(content), encoding="utf-8")
    temporary.replace(folder / NAME)


def read_run(folder: Path) -> Run | None:
    """What the last run in a results folder wrote; None where none did."""
    try:
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return Run(**{**content, "jobs": tuple(Job(**job) for job in content["jobs"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def steps_of(log: Path, since: float, now: float) -> Steps | None:
    """How far a job is by its log; None before its first step, and for jobs that have none.

    The time left is that of the steps that are not done at the mean pace of those that this job did.

    Args:
        since, now: seconds since 1970; steps in the log are of this job alone, begun at `since`.
    """
    try:
        found = STEP.findall(log.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    if not found:
        return None
    *_, what, done, of, said = found[-1]
    clocks = [3600 * int(hours) + 60 * int(minutes) + int(seconds) for hours, minutes, seconds, *_ in found]
    passed = (_time_of_day(now) - clocks[-1]) % DAY
    paces = [(later - earlier) % DAY for earlier, later in pairwise(clocks)]
    # One step alone took what passed since the job began, start-up included.
    pace = sum(paces) / len(paces) if paces else now - since - passed
    left = max(pace * (int(of) - int(done)) - passed, 0.0)
    value = PREFERRED.search(said) or VALIDATION.search(said)
    return Steps(what, int(done), int(of), value[0] if value else "", left)


def run_lines(run: Run, now: float) -> list[str]:
    """`[12/157] 3:07` and below it a line for each job that runs."""
    head = f"[{run.done}/{run.total}] after {spell_time(now - run.since)}, running: {len(run.jobs)}"
    return [head, *(f"  {line}" for line in job_lines(run.jobs, now))]


def job_lines(jobs: Sequence[Job], now: float) -> list[str]:
    """`dsi, seed 1: training E1 · epoch 7/20 · validation_MAP 0.6102 · 0:37 left`."""
    lines = []
    for job in jobs:
        steps = steps_of(Path(job.log), job.since, now) if job.log else None
        parts = [job.message, f"since {spell_time(now - job.since)}"]
        if steps is not None:
            parts = [
                job.message,
                f"{steps.what} {steps.done}/{steps.of}",
                steps.value,
                f"{spell_time(steps.left)} left",
            ]
        lines.append(" · ".join(part for part in parts if part))
    return lines


def spell_time(seconds: float) -> str:
    """`0:37`, `12:05`, `3:12:05`."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _time_of_day(moment: float) -> float:
    """Seconds since midnight on the clock here."""
    today = time.localtime(moment)
    return 3600 * today.tm_hour + 60 * today.tm_min + today.tm_sec
