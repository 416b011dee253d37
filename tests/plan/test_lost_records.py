"""Files without a record of Snakemake's, in a folder that another configuration used."""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from plan.config.study import Study
from plan.lost_records import Difference, LostRecords, LostRecordsError, differences
from plan.one_study import (
    CONFIGURATION,
    EARLIER,
    forget_earlier_configuration,
    keep_configuration,
)
from plan.terminal import NOTHING


class Job(NamedTuple):
    """A job as Snakemake's graph has it: its rule, its outputs, those with a record, whether it will run."""

    name: str
    output: Sequence[str]
    recorded: Sequence[str] = ()
    runs: bool = False

    @property
    def rule(self) -> SimpleNamespace:
        return SimpleNamespace(name=self.name)


def workflow(*jobs: Job, targets: Sequence[str] = ()) -> SimpleNamespace:
    recorded = {path for job in jobs for path in job.recorded}
    return SimpleNamespace(
        is_main_process=True,
        dag=SimpleNamespace(jobs=jobs, needrun=lambda job: job.runs),
        dag_settings=SimpleNamespace(targets=frozenset(targets)),
        persistence=SimpleNamespace(
            has_metadata=lambda job: {*job.output} <= recorded,
            metadata=lambda path: {} if path in recorded else None,
        ),
    )


def nothing_to_do() -> logging.LogRecord:
    return logging.makeLogRecord({"msg": f"{NOTHING} and up to date)."})


def jobs_to_run() -> logging.LogRecord:
    return logging.makeLogRecord({"msg": "Job stats", "event": LogEvent.RUN_INFO})


LOST = Job("search_bm25", ["results/smoke/collection/topk.parquet"])
HALF = Job("evaluate", ["m.json", "m.parquet"], ["m.json"])


@pytest.fixture
def made(study_of: Callable[..., Study], tmp_path: Path) -> Path:
    """A results folder of studies/smoke.yaml."""
    keep_configuration(study_of("smoke"), tmp_path)
    return tmp_path


def test_the_values_that_differ_are_named(study_of: Callable[..., Study], made: Path) -> None:
    kept = made / CONFIGURATION
    assert differences(study_of("smoke"), kept) == []
    assert differences(study_of("smoke", results="results/mine"), kept) == []  # a copied folder
    assert differences(study_of("smoke", bm25={"k1": 1.2}, rates=[0.2, 0.5]), kept) == [
        Difference("bm25.k1", "0.9", "1.2"),
        Difference("rates", "[0.5]", "[0.2, 0.5]"),
    ]
    assert differences(study_of("smoke"), made / "absent.json") == []


@pytest.mark.parametrize("record", [nothing_to_do(), jobs_to_run()])
def test_what_may_be_of_other_settings_is_refused_with_the_ways_out(
    study_of: Callable[..., Study], made: Path, record: logging.LogRecord
) -> None:
    edited = study_of("smoke", bm25={"k1": 1.2})
    asked = workflow(LOST, HALF, Job("all", []), targets=["results/smoke/it's.md"])
    with pytest.raises(LostRecordsError) as refused:
        LostRecords(edited, made, asked).filter(record)
    assert str(refused.value).splitlines() == [
        "m.parquet: found no record of Snakemake's about the settings that made this file, and it may be "
        f"of another configuration, that of {made}/configuration.json (bm25.k1: found 0.9, expected 1.2). "
        "Either",
        "  have such files made again: append --forcerun evaluate search_bm25",
        "  or, if they are as that configuration made them, have this recorded, after which the same "
        "command makes what differs: snakemake --touch --forceall --cores 1 "
        f"'results/smoke/it'\"'\"'s.md' --configfile {made}/configuration.json",
        "  or keep them, and take another folder: --config results=results/mine",
    ]


def passes(study: Study, folder: Path, asked: Any) -> bool:
    return all(
        LostRecords(study, folder, asked).filter(record) for record in (nothing_to_do(), jobs_to_run())
    )


def test_it_is_no_fault_where_nothing_can_be_of_other_settings(
    study_of: Callable[..., Study], made: Path, tmp_path: Path
) -> None:
    edited = study_of("smoke", bm25={"k1": 1.2})
    assert passes(study_of("smoke"), made, workflow(LOST))  # the same configuration, as in a copied folder
    assert passes(edited, made, workflow(LOST._replace(recorded=LOST.output)))
    assert passes(edited, made, workflow(LOST._replace(runs=True)))  # as with --forcerun
    assert passes(edited, tmp_path / "new", workflow(LOST))
    cluster = workflow(LOST)
    cluster.is_main_process = False  # a job of a run that has begun
    assert passes(edited, made, cluster)


def test_files_may_be_of_the_configuration_before(study_of: Callable[..., Study], made: Path) -> None:
    """A run with another configuration was killed: some files are of the one, some of the other."""
    first, second = study_of("smoke"), study_of("smoke", bm25={"k1": 1.2})
    keep_configuration(second, made)
    for study, name in ((second, EARLIER), (first, CONFIGURATION)):
        with pytest.raises(LostRecordsError) as refused:
            LostRecords(study, made, workflow(LOST)).filter(nothing_to_do())
        assert f"that of {made / name} (bm25.k1: found" in str(refused.value)
        assert "--touch" not in str(refused.value)  # neither configuration made them all
    keep_configuration(second, made)  # once more
    assert json.loads((made / EARLIER).read_text())["bm25"]["k1"] == 0.9
    forget_earlier_configuration(made)
    assert passes(second, made, workflow(LOST))


def test_a_configuration_that_cannot_be_read_may_be_any(study_of: Callable[..., Study], made: Path) -> None:
    (made / CONFIGURATION).write_text("{")
    with pytest.raises(LostRecordsError, match="found no JSON, expected a configuration") as refused:
        LostRecords(study_of("smoke"), made, workflow(LOST)).filter(nothing_to_do())
    assert "--touch" not in str(refused.value)
