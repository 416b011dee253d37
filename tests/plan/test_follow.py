"""The file of a run's progress: written from several threads, and where it cannot be written."""

import logging
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dsi.base.progress import NAME, read_run
from plan.follow import Follower


def begun(folder: Path, total: int) -> Follower:
    follower = Follower(folder)
    follower.begin(total, logging.getLogger("none"))
    return follower


def test_threads_that_tell_of_jobs_at_once_do_not_meet(tmp_path: Path) -> None:
    follower, faults = begun(tmp_path, 400), []
    sys.setswitchinterval(1e-6)

    def tell(first: int) -> None:
        try:
            for number in range(first, first + 100):
                follower.started(number, f"job {number}", [])
                follower.ended(number)
        except OSError as error:
            faults.append(error)

    threads = [threading.Thread(target=tell, args=(start,)) for start in range(0, 400, 100)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(0.005)
    assert faults == []
    written = read_run(tmp_path)
    assert written is not None
    assert written.jobs == ()
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_file_that_cannot_be_written_is_told_once_and_ends_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    follower = begun(tmp_path, 2)
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()  # in place of a disk that is full
    (tmp_path / NAME / "file").touch()
    follower.started(1, "training E1", [])
    follower.counted(1, 2)
    said = capsys.readouterr().err
    assert said.count("python scripts status will not know of this run: ") == 1
    assert follower.done == 1


def test_nor_does_a_disk_that_takes_no_words_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the terminal is a file beside the results."""
    follower = begun(tmp_path, 2)
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "file").touch()
    with suppress(OSError), Path("/dev/full").open("w", buffering=1) as full:  # closing it is told, too
        monkeypatch.setattr(sys, "stderr", full)
        follower.started(1, "training E1", [])
        follower.counted(2, 2)
    assert follower.done == 2
