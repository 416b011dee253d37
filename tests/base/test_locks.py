"""Locks that are files: two processes, waiting, and the kernel that ends a lock."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsi.base.locks import FileLock, InUseError, holder_of
from tests.conftest import SCRIPTS

HOLD = """
import sys
from pathlib import Path
from dsi.base.locks import FileLock
lock = FileLock(Path(sys.argv[1]), "python scripts train")
lock.take()
print(flush=True)
sys.stdin.readline()
lock.release(remove=True)
print("released", flush=True)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock until a line comes, and then removes the file."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "a/lock")],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def test_the_second_one_waits_and_says_for_whom(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    said: list[str] = []

    def say(words: str) -> None:
        """Only now the other one gives it back, so it was waited for."""
        said.append(words)
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.stdin.flush()

    lock = FileLock(tmp_path / "a/lock", "me")
    lock.wait(say)
    assert len(said) == 1
    assert said[0].startswith(f"waiting for process {holder.pid} on ")
    assert said[0].endswith(": python scripts train")
    # On a file of its own, as the other one's was removed.
    assert holder_of(lock.path).split(" on ")[0] == f"process {os.getpid()}"  # type: ignore[union-attr]


def test_a_killed_process_has_nothing(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(InUseError):
        FileLock(tmp_path / "a/lock").take()
    holder.kill()
    holder.wait()
    assert holder_of(tmp_path / "a/lock") is None
    lock = FileLock(tmp_path / "a/lock")
    lock.take()
    with pytest.raises(InUseError):
        FileLock(tmp_path / "a/lock").take()


def test_it_is_taken_once_and_given_back(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.take()
    first.take()
    first.release(remove=True)
    first.release(remove=True)
    assert not (tmp_path / "lock").exists()
    second.take()
    assert holder_of(tmp_path / "none") is None
