"""The folder of a study's results: one run at a time writes into it, and keeps its configuration there.

Snakemake removes the folder of its locks when any run in a checkout ends (9.27.1), those of runs that go on
too: a second start of the same study is not refused then, and both write the same files. So its locks are
off (`nolock` in profiles/), and a run holds a lock of ours on its study's folder: one of the kernel's, gone
with the process, however that ends. Studies with different folders run beside each other.

`snakemake --configfile results/configuration.json` starts the study of a results folder again, whatever was
given on the command line before; `python scripts compare` says in what two studies differ.
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
from typing import TextIO

from plan.config.study import Study

NAME = ".lock"
CONFIGURATION = "configuration.json"


class FolderInUseError(RuntimeError):
    """Another run writes into the folder; the message says which."""


class UnwritableFolderError(RuntimeError):
    """Nothing can be written into the folder; the message says why."""


class ResultsLock:
    """The right to write into a results folder: taken when jobs start, lost when the process ends.

    Args:
        folder: the study's results folder, made if it is not there.
        command: how the run was started, for the message to others.
    """

    def __init__(self, folder: Path, command: str | None = None) -> None:
        self.folder = folder
        self.command = shlex.join(["snakemake", *sys.argv[1:]]) if command is None else command
        self._file: TextIO | None = None

    def take(self, warn: Callable[[str], None]) -> None:
        """Take it, once; jobs that this process starts do not inherit it.

        Args:
            warn: told where the file system has no locks.

        Raises:
            FolderInUseError: another process has it.
            UnwritableFolderError: the folder cannot be made or written.
        """
        if self._file is not None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Never removed: who opened the old file and who makes a new one would both have a lock.
            file = (self.folder / NAME).open("a+", encoding="utf-8")
        except OSError as error:
            raise UnwritableFolderError(
                f"{self.folder}: found a folder that cannot be written ({error.strerror}), expected one with "
                "the right and the room for results, for example --config results=/data/mine"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                raise FolderInUseError(self._refusal(_holder(file))) from None
        except OSError as error:
            warn(f"{file.name} cannot be locked ({error.strerror}): start this study once at a time")
        file.seek(0)
        file.truncate()
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "command": self.command}
        json.dump({**holder, "since": time.strftime("%Y-%m-%d %H:%M:%S")}, file)
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give it back before the process ends."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _refusal(self, holder: str) -> str:
        return (
            f"{self.folder}: found another run that writes there ({holder}), expected one at a time. Wait "
            "for its end, or stop it. Another study needs a folder of its own, for example "
            "--config results=results/mine"
        )


def keep_configuration(study: Study, folder: Path) -> None:
    """Write a study's configuration as JSON into its results folder, when jobs start.

    It is moved into place, as it may be the very file that is being read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{os.getpid()}.{CONFIGURATION}"
    text = json.dumps(study.as_dict(), indent=2, ensure_ascii=False)
    temporary.write_text(f"{text}\n", encoding="utf-8")
    temporary.replace(folder / CONFIGURATION)


def _holder(file: TextIO) -> str:
    """Who has the lock, as that process wrote it; it may be just about to."""
    file.seek(0)
    try:
        found = json.load(file)
        return f"process {found['pid']} on {found['host']}, since {found['since']}: {found['command']}"
    except (ValueError, KeyError, TypeError):
        return "a process that has not written its name yet"
