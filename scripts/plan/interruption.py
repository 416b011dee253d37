"""What a run does when it is asked to end, and what it says of jobs that a signal has ended.

Snakemake answers SIGTERM by waiting for the jobs that run and recording what they made. At Ctrl-C it waits,
too, but records nothing, so that their outputs are made again, and may end in a traceback (9.27.1).
Here both are answered alike: at the first no job is started any more, at the second those that run are ended.
"""

import logging
import os
import re
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from dsi.base.progress import read_run

# How Python tells a shell's end: with its command's status, or of its own by a signal.
_BY_SIGNAL = re.compile(r"' (?:returned non-zero exit status (\d+)|died with <Signals\.\w+: (\d+)>)\.")
_AROUND = re.compile(
    "Will exit after finishing|Shutting down, this might|Removing output files of failed job|Exiting because "
    "a job execution failed|Complete log|Elapsed time"
)
_LAST = re.compile(r"(WorkflowError:\s*)?At least one job did not complete")
NAMES = {item.value: item.name for item in signal.Signals}


class Interruption(logging.Filter):
    """Answers SIGINT and SIGTERM, and shows of a run that ends by them no more than that.

    Args:
        logger: tells the user.
        folder: the study's results.
    """

    def __init__(self, logger: logging.Logger, folder: Path) -> None:
        super().__init__()
        self.asked = 0
        self._logger = logger
        self._folder = folder
        self._hidden: list[str] = []

    def await_jobs(self) -> None:
        """Until jobs start, SIGINT ends the run at once: nothing has begun that could be lost.

        Without Python's own way out, in which Snakemake's event loop reports what it was doing.
        """
        here = threading.current_thread() is threading.main_thread()
        if here and signal.getsignal(signal.SIGINT) == signal.default_int_handler:
            signal.signal(signal.SIGINT, _leave)

    def install(self, workflow: Any) -> None:
        """Say of jobs which signal ended them; answer signals where jobs run here.

        On a cluster Snakemake cancels its jobs by itself. Called in the main thread, when jobs start.

        Args:
            workflow: Snakemake's.
        """
        self._logger.addFilter(self)
        if signal.getsignal(signal.SIGINT) == _leave:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if workflow.local_exec:
            self._finish = workflow.scheduler.exit_gracefully
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) != signal.SIG_IGN:  # as a shell has it in the background
                    signal.signal(number, self._answer)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown; that of a job that a signal ended gets a line."""
        message, event = record.getMessage(), getattr(record, "event", None)
        number = signal_of(message) if event == LogEvent.ERROR else None
        if not self.asked:
            if number is not None:
                record.msg, record.args = f"{message}\n{words_of(number)}", ()
            return True
        if number is not None:
            self._hidden.append(message)
            return False
        if event == LogEvent.JOB_ERROR:
            command = str(record.__dict__.get("shellcmd"))
            return not any(command in text for text in self._hidden)
        if _LAST.match(message):
            record.msg, record.args = self._last_line(), ()
        return not _AROUND.match(message)

    def _last_line(self) -> str:
        run = read_run(self._folder)
        done = f", {run.done} of {run.total} jobs done" if run else ""
        return f"Stopped{done}; the same command goes on from there"

    def _answer(self, number: int, _: FrameType | None) -> None:
        self.asked += 1
        # Not here: the interrupted code may hold the locks that this takes.
        threading.Thread(target=self._end, args=(NAMES[number], self.asked)).start()

    def _end(self, name: str, asked: int) -> None:
        if asked == 1:
            self._logger.info(f"{name}: no job starts any more, those that run may end (once more: end them)")
            self._finish()
        else:
            end_jobs(signal.SIGTERM if asked == 2 else signal.SIGKILL)


def _leave(number: int, _: FrameType | None) -> None:
    print(f"{NAMES[number]}: ended before the first job", file=sys.stderr, flush=True)
    os._exit(128 + number)


def end_jobs(number: signal.Signals) -> None:
    """Send a signal to all that this process has started."""
    import psutil  # slow, and rarely needed

    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def signal_of(message: str) -> int | None:
    """The signal that ended a job, by Snakemake's message; None: it ended by itself."""
    found = _BY_SIGNAL.search(message)
    if found is None:
        return None
    number = int(found[2]) if found[2] else int(found[1]) - 128
    return number if number in NAMES else None


def words_of(number: int) -> str:
    """What a user can conclude from a signal."""
    said = f"The job was killed by signal {number} ({NAMES[number]})"
    if number != signal.SIGKILL:
        return f"{said}; the same command goes on from what is done"
    return (
        f"{said}: out of memory? `dmesg | tail` tells whether the kernel did it. Fewer jobs side by side "
        "need less (--cores), so does a smaller training.batch_size; the same command goes on from there"
    )
