"""How far a run and its jobs are, by files alone."""

import time
from pathlib import Path

import pytest

from dsi.base.progress import Job, Run, Steps, job_lines, read_run, run_lines, spell_time, steps_of, write_run

NOON = time.mktime((2026, 11, 27, 12, 0, 0, 0, 0, -1))


def epoch(
    clock: str, number: int, said: str = "train_loss 2.1, validation_loss 1.9, validation_MAP 0.61"
) -> str:
    return f"{clock} INFO epoch {number}/20: {said}\n"


def test_the_time_left_is_by_the_mean_pace_of_the_steps_that_are_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"{epoch('11:59:10', 1)}warning\n{epoch('11:59:35', 2)}{epoch('11:59:50', 3)}")
    # 20 seconds an epoch, 17 to go, 10 seconds into the next
    assert steps_of(log, NOON - 70, NOON) == Steps("epoch", 3, 20, "validation_MAP 0.61", 17 * 20 - 10)


def test_the_first_step_alone_took_what_passed_since_the_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(epoch("11:59:50", 1, "train_loss 2.1, validation_loss 1.9"))
    assert steps_of(log, NOON - 40, NOON) == Steps("epoch", 1, 20, "validation_loss 1.9", 19 * 30 - 10)


def test_midnight_is_no_step_back(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(epoch("23:00:00", 1) + epoch("01:00:00", 2) + epoch("03:00:00", 3))
    found = steps_of(log, NOON - 13 * 3600, NOON - 9 * 3600)
    assert found is not None and found.left == 17 * 2 * 3600


@pytest.mark.parametrize("text", ["", "11:00:00 INFO 885 of 885 train queries\n"])
def test_a_job_without_steps_has_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "log").write_text(text)
    assert steps_of(tmp_path / "log", NOON, NOON) is None
    assert steps_of(tmp_path / "none", NOON, NOON) is None


def test_parts_are_steps_too(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("11:59:40 INFO part 3/3\n")
    assert steps_of(tmp_path / "log", NOON - 60, NOON) == Steps("part", 3, 3, "", 0.0)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = Run(7, 20, NOON, (Job("training", "a.log", NOON + 1),))
    write_run(run, tmp_path)
    assert read_run(tmp_path) == run
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"done": 1}'])
def test_no_run_is_read_where_none_was_written(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / ".progress.json").write_text(text)
    assert read_run(tmp_path) is None


def test_a_line_for_the_run_and_one_for_each_job(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(epoch("11:59:20", 1) + epoch("11:59:40", 2))
    jobs = (Job("dsi: training E1", str(tmp_path / "log"), NOON - 60), Job("evaluating", "", NOON - 5))
    assert run_lines(Run(7, 20, NOON - 3725, jobs), NOON) == [
        "[7/20] after 1:02:05, running: 2",
        "  dsi: training E1 · epoch 2/20 · validation_MAP 0.61 · 5:40 left",
        "  evaluating · since 0:05",
    ]
    assert job_lines([], NOON) == []


def test_times_are_as_on_a_clock() -> None:
    assert [spell_time(seconds) for seconds in (0.4, 65, 3600, -1)] == ["0:00", "1:05", "1:00:00", "0:00"]
