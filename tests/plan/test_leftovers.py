"""What is removed of what kills have left, and what stays."""

import json
import os
from pathlib import Path

import pytest

from dsi.base.locks import FileLock
from plan.job import lock_of
from plan.leftovers import abandoned, forget_finished, sweep

DEAD = 99_999_999  # no process has such a number


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with whole files, what writers and jobs have left, and another study below it."""
    temporary = f".{DEAD}.model.safetensors"
    for name in (
        *("model.safetensors", temporary, f".{DEAD}.abcdef/model.safetensors", ".lock", ".note"),
        *("logs/dense/a.log", "logs/dense/.a.log.lock", ".training/k/last.ckpt"),
        *(f".training/k/{temporary}", "smoke/configuration.json", f"smoke/{temporary}"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


WHOLE = {"model.safetensors", ".lock", ".note", "logs/dense/a.log", ".training/k/last.ckpt"}
# Another study's are its own business.
WHOLE |= {"smoke/configuration.json", f"smoke/.{DEAD}.model.safetensors"}


def test_what_dead_writers_and_jobs_have_left_goes(results: Path) -> None:
    assert sweep(results) == []
    assert files(results) == WHOLE


def test_what_a_living_process_writes_stays(results: Path) -> None:
    """A command by hand."""
    (results / f".{os.getpid()}.model.safetensors").touch()
    sweep(results)
    assert files(results) == WHOLE | {f".{os.getpid()}.model.safetensors"}


def test_beside_a_job_that_runs_everything_stays(results: Path) -> None:
    before = files(results)
    lock = FileLock(lock_of(results / "logs/dense/a.log"), "train")
    lock.take()
    [running] = sweep(results)
    assert running.endswith(": train")
    assert files(results) == before
    lock.release()
    assert sweep(results) == []


def finished(results: Path, key: str, *outputs: Path) -> Path:
    state = results / ".training" / key
    (state / "finished").mkdir(parents=True)
    (state / "finished.json").write_text(json.dumps({str(path): "digest" for path in outputs}))
    return state


def test_what_trainings_kept_goes_once_their_outputs_are_recorded(results: Path) -> None:
    there = finished(results, "there", results / "model.safetensors")
    lost = finished(results, "lost", results / "model.safetensors", results / "run.trec.gz")
    forget_finished(results)
    assert not there.exists()
    assert lost.exists()
    assert (results / ".training/k/last.ckpt").exists()


def test_states_that_nobody_uses_are_named_with_what_removes_them(results: Path) -> None:
    sweep(results)
    (results / ".training/k/last.ckpt").write_bytes(b"0" * 1_500_000)
    (results / ".generation/g").mkdir(parents=True)
    assert abandoned(results) == (
        "2 unfinished trainings or generations of other settings take 1.5 MB; "
        f"`rm -r {results}/.generation {results}/.training` removes them, should nobody return to those "
        "settings"
    )
    assert abandoned(results / "smoke") is None
