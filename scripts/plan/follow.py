"""Follows the jobs of a run: into the file that `python scripts status` reads and, on a terminal, live.

The live lines stand below all others and are made anew every second of what running jobs write in their logs.
"""

import atexit
import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsi.base.progress import Job, Run, run_lines, write_run

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

_IN_LOG = re.compile(r" \((progress in|what was left out:) [^)]*\)$")
HANDLER = "DefaultStreamHandler"  # Snakemake's, for the terminal


class Follower:
    """What a run has done and is doing.

    Args:
        folder: the study's results.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done = 0
        self.total = 0
        self._since = 0.0
        self._jobs: dict[int, Job] = {}
        self._writing = threading.Lock()  # Snakemake tells of jobs from several threads
        self._silent = False
        self._live: Live | None = None
        self._restore: Callable[[], Any] = lambda: None

    @property
    def run(self) -> Run:
        """All of it as it is now."""
        return Run(self.done, self.total, self._since, tuple(self._jobs.copy().values()))

    def begin(self, total: int, logger: logging.Logger) -> None:
        """The number of jobs is known; lines live from here on if the logger writes to a terminal."""
        self.total, self._since = total, time.time()
        self._write()
        handler = next((item for item in logger.handlers if item.name == HANDLER), None)
        if isinstance(handler, logging.StreamHandler) and handler.stream.isatty():
            self._show(handler)

    def started(self, number: int, message: str, logs: list[str]) -> None:
        """A job runs from now on; its number is Snakemake's."""
        # Where a log is no news beside what stands in it.
        self._jobs[number] = Job(_IN_LOG.sub("", message), next(iter(logs), ""), time.time())
        self._write()

    def ended(self, number: int | None) -> None:
        """A job runs no more, whether it is done or failed; a number that is not known changes nothing."""
        if number is not None and self._jobs.pop(number, None) is not None:
            self._write()

    def counted(self, done: int, total: int) -> None:
        """So many jobs are done; at their end the live lines go."""
        self.done, self.total = done, total
        self._write()
        if done == total:
            self.close()

    def close(self) -> None:
        """Take the live lines away."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            self._restore()

    def _write(self) -> None:
        """Into the file, if it can be: Snakemake waits for ever for a job whose end raises an error."""
        with self._writing:
            if not self._since or self._silent or not self.folder.is_dir():
                return
            try:
                write_run(self.run, self.folder)
            except OSError as error:
                self._silent = True
                with suppress(OSError):  # what is printed may go into a file on the same full disk
                    print(f"python scripts status will not know of this run: {error}", file=sys.stderr)

    def _show(self, handler: "logging.StreamHandler[Any]") -> None:
        # Here, as a run without a terminal has no use for it.
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(file=handler.stream)

        def lines() -> Text:
            shown = "\n".join(run_lines(self.run, time.time()))
            return Text(shown, overflow="ellipsis", no_wrap=True)

        self._live = Live(
            console=console,
            get_renderable=lines,
            refresh_per_second=1,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._restore = partial(handler.setStream, handler.stream)
        handler.setStream(_Above(console))
        self._live.start()
        atexit.register(self.close)


class _Above:
    """What is written goes above the live lines of a console, line by line, and is not wrapped anew."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._begun = ""

    def write(self, text: str) -> int:
        from rich.text import Text

        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._console.print(Text.from_ansi(line), soft_wrap=True)
        return len(text)

    def flush(self) -> None:
        """Nothing waits but a line that has no end yet."""

    def isatty(self) -> bool:
        return True
