"""The terminal: one line a job, and nothing of what Snakemake says around it."""

import logging
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from plan.config.study import Study
from plan.terminal import HintAtTarget, OneLinePerJob, adapt


def record(message: str = "", **fields: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, **fields})


def job(message: str) -> logging.LogRecord:
    return record("rule train:\n    input: …", event=LogEvent.JOB_INFO, rule_msg=message)


@pytest.fixture
def filtered() -> OneLinePerJob:
    return OneLinePerJob(lambda: False)


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
def test_the_table_of_jobs_is_shown_in_a_dry_run_only(planning: bool) -> None:
    assert (
        OneLinePerJob(lambda: planning).filter(record(event=LogEvent.RUN_INFO, stats={"total": 3}))
        == planning
    )


def test_whether_it_is_a_dry_run_is_asked_when_the_jobs_are_known() -> None:
    workflow = SimpleNamespace(dryrun=False)
    item = OneLinePerJob(lambda: workflow.dryrun)
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
        adapt(logger, study_of("smoke"), lambda: False)
    assert [type(item) for item in logger.filters] == [OneLinePerJob, HintAtTarget]
