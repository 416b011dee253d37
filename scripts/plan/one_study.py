"""The folder of a study's results: one run at a time writes into it, and keeps its configuration there.

Snakemake removes the folder of its locks when any run in a checkout ends (9.27.1), those of runs that go on
too: a second start of the same study is not refused then, and both write the same files. So its locks are
off (`nolock` in profiles/), and a run holds a lock of ours on its study's folder: one of the kernel's, gone
with the process, however that ends. Studies with different folders run beside each other.

`snakemake --configfile results/configuration.json` starts the study of a results folder again, whatever was
given on the command line before; `python scripts compare` says in what two studies differ. Beside it lies the
last other configuration under which files there may have been made, until a run has made all of them.
"""

import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from dsi.base.locks import FileLock, InUseError, NoLocksError
from plan.config.study import Study

NAME = ".lock"
CONFIGURATION = "configuration.json"
EARLIER = ".earlier-configuration.json"


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
        started = shlex.join(["snakemake", *sys.argv[1:]]) if command is None else command
        self._lock = FileLock(folder / NAME, started)

    def take(self, warn: Callable[[str], None]) -> None:
        """Take it, once; jobs that this process starts do not inherit it.

        Args:
            warn: told where the file system has no locks.

        Raises:
            FolderInUseError: another process has it.
            UnwritableFolderError: the folder cannot be made or written.
        """
        try:
            self._lock.take()
        except InUseError as error:
            raise FolderInUseError(
                f"{self.folder}: found another run that writes there ({error}), expected one at a time. Wait "
                "for its end, or stop it. Another study needs a folder of its own, for example "
                "--config results=results/mine"
            ) from None
        except NoLocksError as error:
            warn(f"{error.filename} cannot be locked ({error.strerror}): start this study once at a time")
        except OSError as error:
            raise UnwritableFolderError(
                f"{self.folder}: found a folder that cannot be written ({error.strerror}), expected one with "
                "the right and the room for results, for example --config results=/data/mine"
            ) from error

    def release(self) -> None:
        """Give it back before the process ends."""
        self._lock.release()


def keep_configuration(study: Study, folder: Path) -> None:
    """Write a study's configuration as JSON into its results folder, when jobs start, and keep another one
    that was there.

    It is moved into place, as it may be the very file that is being read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / CONFIGURATION
    before = kept.read_text(encoding="utf-8", errors="replace") if kept.is_file() else None
    text = f"{json.dumps(study.as_dict(), indent=2, ensure_ascii=False)}\n"
    if before != text:
        _write(text, kept)
        if before is not None:
            _write(before, folder / EARLIER)


def forget_earlier_configuration(folder: Path) -> None:
    """Called when a run has made all that the kept configuration asks for: it is the only one now."""
    (folder / EARLIER).unlink(missing_ok=True)


def _write(text: str, path: Path) -> None:
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
