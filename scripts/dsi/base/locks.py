"""A lock that is a file: one process at a time has it, and loses it when it ends, however that is.

The kernel's (flock), on one machine or on a file system that several share. The file says who has it. Nobody
has to unlock anything after a kill: a file that stays behind locks nothing.
"""

import fcntl
import json
import os
import shlex
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TextIO


class Holder(NamedTuple):
    """Who has a lock, or had it at last: a process, its machine, since when, and how it was started."""

    pid: int
    host: str
    since: str
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}: {self.command}"


class InUseError(RuntimeError):
    """Another process has the lock; the message says which."""


class NoLocksError(OSError):
    """The file system has no locks."""


class FileLock:
    """The right that a file stands for.

    Args:
        path: the file, made with its folder where it is not there.
        command: how this process was started, for the message to others.
    """

    def __init__(self, path: Path, command: str | None = None) -> None:
        self.path = path
        self.command = shlex.join(sys.argv) if command is None else command
        self._file: TextIO | None = None

    def take(self) -> None:
        """Take it at once; what it already has it keeps. Processes that this one starts do not inherit it.

        Raises:
            InUseError: another process has it.
            NoLocksError: nobody can have it.
        """
        self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)

    def wait(self, say: Callable[[str], None]) -> None:
        """Take it as soon as the process that has it ends or gives it back.

        Args:
            say: told who that is, if there is one.

        Raises:
            NoLocksError: nobody can have it.
        """
        try:
            self.take()
        except InUseError as error:
            say(f"waiting for {error}")
            self._lock(fcntl.LOCK_EX)

    def release(self, *, remove: bool = False) -> None:
        """Give it back before the process ends; remove: nobody has to see the file."""
        if self._file is not None:
            if remove:
                self.path.unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def _lock(self, operation: int) -> None:
        while self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("a+", encoding="utf-8")
            try:
                fcntl.flock(file, operation)
            except BlockingIOError:
                with file:
                    raise InUseError(str(_written(file) or _NAMELESS)) from None
            except OSError as error:
                file.close()
                raise NoLocksError(error.errno, error.strerror, str(self.path)) from error
            if _is_still(file, self.path):
                self._file = file
                self._sign(file)
            else:  # who had it removed it meanwhile, and others use a new one
                file.close()

    def _sign(self, file: TextIO) -> None:
        holder = Holder(os.getpid(), socket.gethostname(), time.strftime("%Y-%m-%d %H:%M:%S"), self.command)
        file.seek(0)
        file.truncate()
        json.dump(holder._asdict(), file)
        file.flush()


_NAMELESS = "a process that has not written its name yet"


def holder_of(path: Path) -> str | None:
    """Who has a lock; None: nobody."""
    try:
        with path.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return str(_written(file) or _NAMELESS)
    except OSError:
        return None
    return None


def _written(file: TextIO) -> Holder | None:
    """Who signed last; the process that has just taken it may be about to."""
    file.seek(0)
    try:
        return Holder(**json.load(file))
    except (ValueError, TypeError):
        return None


def _is_still(file: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
