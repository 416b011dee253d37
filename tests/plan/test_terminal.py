"""The terminal: one line a job, and nothing of what Snakemake says around it."""

import io
import logging
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from dsi.base.progress import read_run
from plan.config.study import Study
from plan.follow import HANDLER, Follower
from plan.terminal import HintAtTarget, OneLinePerJob, adapt


def record(message: str = "", **fields: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, **fields})


def job(message: str, number: int = 1) -> logging.LogRecord:
    fields = {"rule_msg": message, "jobid": number, "log": ["results/logs/dense/a.log"]}
    return record("rule train:\n    input: …", event=LogEvent.JOB_INFO, **fields)


@pytest.fixture
def filtered(tmp_path: Path) -> OneLinePerJob:
    return OneLinePerJob(lambda: False, Follower(tmp_path))


def test_a_job_is_a_line_with_time_count_and_message(filtered: OneLinePerJob) -> None:
    filtered.filter(record(event=LogEvent.RUN_INFO, stats={"total": 120}))
    filtered.filter(record(event=LogEvent.PROGRESS, done=7, total=120))
    shown = job("dsi, seed 1: training E1")
    assert filtered.filter(shown)
    assert re.fullmatch(r"\d\d:\d\d:\d\d \[  7/120\] dsi, seed 1: training E1", shown.getMessage())


def test_a_message_with_a_percent_sign_is_shown_as_it_is(filtered: OneLinePerJob) -> None:
    shown = job("100 %s of it")
    filtered.filter(shown)
    assert shown.getMessage().endswith(" 100 %s of it")


def test_before_the_number_of_jobs_is_known_there_is_no_count(filtered: OneLinePerJob) -> None:
    shown = job("reading")
    filtered.filter(shown)
    assert re.fullmatch(r"\d\d:\d\d:\d\d reading", shown.getMessage())


@pytest.mark.parametrize(
    "hidden",
    [
        record(event=LogEvent.PROGRESS, done=1, total=2),
        record(event=LogEvent.JOB_FINISHED),
        record(event=LogEvent.RESOURCES_INFO),
        record("Select jobs to execute..."),
        record("Execute 3 jobs..."),
    ],
    ids=["progress", "finished", "resources", "select", "execute"],
)
def test_what_goes_with_jobs_is_left_out(filtered: OneLinePerJob, hidden: logging.LogRecord) -> None:
    assert not filtered.filter(hidden)


def test_the_count_ends_at_the_number_of_jobs(filtered: OneLinePerJob) -> None:
    last = record(event=LogEvent.PROGRESS, done=65, total=65)
    assert filtered.filter(last)
    assert re.fullmatch(r"\d\d:\d\d:\d\d \[65/65\] done", last.getMessage())


def test_errors_and_other_messages_stay(filtered: OneLinePerJob) -> None:
    assert filtered.filter(record("Error in rule train:"))
    assert filtered.filter(record("rule without a message", event=LogEvent.JOB_INFO, rule_msg=None))


@pytest.mark.parametrize("planning", [True, False])
def test_the_table_of_jobs_is_shown_in_a_dry_run_only(planning: bool, tmp_path: Path) -> None:
    item = OneLinePerJob(lambda: planning, Follower(tmp_path))
    assert item.filter(record(event=LogEvent.RUN_INFO, stats={"total": 3})) == planning


def test_a_dry_run_says_about_how_long_it_takes(tmp_path: Path) -> None:
    benchmark = tmp_path / "benchmarks/dense/a.tsv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text("s\th:m:s\n100\t0:01:40\n")
    shown = record("Job stats:", event=LogEvent.RUN_INFO, stats={"dense": 6, "total": 6})
    OneLinePerJob(lambda: True, Follower(tmp_path), lambda: 2).filter(shown)
    assert shown.getMessage().startswith(
        "Job stats:\nAbout 5 minutes, with 2 jobs at a time, by 1 measured in "
    )


def test_a_run_leaves_word_of_what_it_does(filtered: OneLinePerJob, tmp_path: Path) -> None:
    filtered.filter(record(event=LogEvent.RUN_INFO, stats={"total": 3}))
    filtered.filter(job("dsi: training E1 (progress in results/logs/dense/a.log)", 1))
    filtered.filter(job("failing", 2))
    filtered.filter(record("Error", event=LogEvent.JOB_ERROR, jobid=2))
    found = read_run(tmp_path)
    assert found is not None
    assert [(one.message, one.log) for one in found.jobs] == [
        ("dsi: training E1", "results/logs/dense/a.log")
    ]
    filtered.filter(record(event=LogEvent.JOB_FINISHED, job_id=1))
    filtered.filter(record(event=LogEvent.PROGRESS, done=1, total=3))
    found = read_run(tmp_path)
    assert found is not None
    assert (found.done, found.total, found.jobs) == (1, 3, ())


def test_a_dry_run_leaves_none(tmp_path: Path) -> None:
    item = OneLinePerJob(lambda: True, Follower(tmp_path))
    item.filter(record(event=LogEvent.RUN_INFO, stats={"total": 3}))
    item.filter(job("training"))
    assert read_run(tmp_path) is None


def test_where_nothing_is_to_do_the_answer_follows(filtered: OneLinePerJob, tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text("- **dsi**: up to 0.5.\n")
    (tmp_path / "tables.md").touch()
    shown = record("Nothing to be done (all requested files are present and up to date).")
    assert filtered.filter(shown)
    assert shown.getMessage().splitlines()[1:] == ["- dsi: up to 0.5.", f"Open {tmp_path}/tables.md"]


def test_on_a_terminal_the_lines_of_jobs_stand_above_live_ones(tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    logger, terminal = logging.Logger("test"), Terminal()
    handler = logging.StreamHandler(terminal)
    handler.name = HANDLER
    logger.addHandler(handler)
    follower = Follower(tmp_path)
    follower.begin(2, logger)
    follower.started(1, "training", [])
    logger.warning("12:00:00 [0/2] training")
    follower.counted(2, 2)
    shown = terminal.getvalue()
    assert "12:00:00 [0/2] training\n[0/2] after 0:0" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", shown)
    assert shown.rstrip("\x1b[?25h").endswith("\x1b[2K")  # the live lines are gone at the end


def test_whether_it_is_a_dry_run_is_asked_when_the_jobs_are_known(tmp_path: Path) -> None:
    workflow = SimpleNamespace(dryrun=False)
    item = OneLinePerJob(lambda: workflow.dryrun, Follower(tmp_path))
    workflow.dryrun = True
    assert item.filter(record(event=LogEvent.RUN_INFO, stats={"total": 3}))


def test_a_target_that_no_rule_makes_gets_a_hint(study_of: Callable[..., Study]) -> None:
    said = (
        "MissingRuleException:\nNo rule to produce results/smoke/tabels.md (if you use input functions "
        "make sure that they don't raise unexpected exceptions)."
    )
    shown = record(said)
    assert HintAtTarget(study_of("smoke")).filter(shown)
    assert shown.getMessage().startswith(f"{said}\nDid you mean results/smoke/tables.md? ")
    other = record("Error in rule train: 100 %")
    assert HintAtTarget(study_of("smoke")).filter(other)
    assert other.getMessage() == "Error in rule train: 100 %"


def test_a_logger_gets_the_filters_once(study_of: Callable[..., Study]) -> None:
    logger = logging.Logger("test")
    for _ in range(2):
        adapt(logger, study_of("smoke"), lambda: False, lambda: 2)
    assert [type(item) for item in logger.filters] == [OneLinePerJob, HintAtTarget]
