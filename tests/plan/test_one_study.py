"""One run at a time writes into a results folder: two processes, and the kernel that ends a lock."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plan.config.study import Study
from plan.one_study import NAME, FolderInUseError, ResultsLock, keep_configuration
from tests.plan.conftest import SCRIPTS

HOLD = """
import subprocess, sys
from pathlib import Path
from plan.one_study import ResultsLock
lock = ResultsLock(Path(sys.argv[1]), "snakemake --cores 2")
lock.take(print)
child = subprocess.Popen(["sleep", "60"])
print(child.pid, flush=True)
sys.stdin.read()
"""


def no_warning(message: str) -> None:
    raise AssertionError(message)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock of results/a, and a job of its own that goes on."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "results/a")],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    job = int(process.stdout.readline())
    yield process
    process.kill()
    process.wait()
    os.kill(job, signal.SIGKILL)


def test_a_second_run_is_told_who_writes_there(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    folder = tmp_path / "results/a"
    with pytest.raises(FolderInUseError) as refused:
        ResultsLock(folder).take(no_warning)
    assert f"{folder}: found another run that writes there (process {holder.pid} on " in str(refused.value)
    assert ": snakemake --cores 2), expected one at a time" in str(refused.value)
    assert json.loads((folder / NAME).read_text())["pid"] == holder.pid  # as before


def test_another_path_to_the_folder_is_the_same_folder(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("results")
    with pytest.raises(FolderInUseError):
        ResultsLock(tmp_path / "link/../results/a").take(no_warning)
    with pytest.raises(FolderInUseError):
        ResultsLock(tmp_path / "link/a").take(no_warning)


def test_another_study_is_free(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    for name in ("results/b", "results", "results/a/b"):
        ResultsLock(tmp_path / name).take(no_warning)


def test_a_killed_run_leaves_no_lock(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    """Though a job that it had started goes on."""
    holder.kill()
    holder.wait()
    lock = ResultsLock(tmp_path / "results/a")
    lock.take(no_warning)
    assert json.loads((tmp_path / "results/a" / NAME).read_text())["pid"] == os.getpid()


def test_it_is_taken_once_and_given_back(tmp_path: Path) -> None:
    first, second = ResultsLock(tmp_path / "new"), ResultsLock(tmp_path / "new")
    first.take(no_warning)
    first.take(no_warning)
    with pytest.raises(FolderInUseError):
        second.take(no_warning)
    first.release()
    second.take(no_warning)


def test_a_run_that_has_not_written_its_name_yet_is_in_the_way_too(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(FolderInUseError, match="a process that has not written its name yet"):
            ResultsLock(tmp_path).take(no_warning)


def test_where_there_are_no_locks_the_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    warnings: list[str] = []
    ResultsLock(tmp_path).take(warnings.append)
    assert len(warnings) == 1
    assert "cannot be locked (No locks available): start this study once at a time" in warnings[0]


def test_the_configuration_is_kept_as_it_was_written(study_of: Callable[..., Study], tmp_path: Path) -> None:
    study = study_of("smoke", rates=[0.2])
    keep_configuration(study, tmp_path / "results")
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["configuration.json"]
    assert json.loads((tmp_path / "results/configuration.json").read_text()) == study.as_dict()
