"""What a job does around its command: it writes alone, ends with its run, and says which signal ended it.

`python scripts` does this where a rule has started it. Snakemake ends no job when it is killed, and starts
the same one again the next time, beside it.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dsi.base.locks import FileLock, NoLocksError

# The environment variables by which rules tell a job its run (`run_name`), and the file of its CPU-seconds.
RUN, TIMES = "DSI_RUN", "DSI_TIMES"
ENDED = 128  # and the signal's number: the exit status, as shells have it
SECONDS = 10.0  # for a job to clean up when a signal or the end of its run ends it


class EndedError(SystemExit):
    """A signal ends this process; raised in its main thread, so that temporary files are removed.

    No KeyboardInterrupt, which Lightning answers in a way of its own.
    """


def run_name() -> str:
    """This process as jobs find it again: its number, and the space of process numbers that has it."""
    return f"{os.getpid()} {_numbers()}"


def is_job() -> bool:
    """Whether a run's rule has started this process."""
    return RUN in os.environ and TIMES in os.environ


@contextmanager
def beside_no_other() -> Iterator[None]:
    """Run what stands below it as the one job of its log, until its end, that of its run, or a signal."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _end)
    _end_in_time()
    _end_with(os.environ[RUN])
    lock = FileLock(lock_of(Path(os.environ[TIMES].removesuffix(".times"))))
    try:
        lock.wait(_say)
    except NoLocksError as error:
        _say(f"{error}: nothing keeps a second job from writing the same")
    try:
        yield
    finally:
        lock.release(remove=True)


def lock_of(log: Path) -> Path:
    """The file of a job's lock; one log, one job."""
    return log.with_name(f".{log.name}.lock")


def _end(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough
    _say(f"ended by signal {number} ({signal.Signals(number).name})")
    raise EndedError(ENDED + number)


def _end_in_time() -> None:
    """Have this process end some seconds after a signal, even in a long call in which Python sees none."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)  # the signal's number comes through it at once
    threading.Thread(target=_wait_for_signal, args=(read,), daemon=True).start()


def _wait_for_signal(read: int) -> None:
    while (number := os.read(read, 1)[0]) not in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        pass
    threading.Event().wait(SECONDS)
    os._exit(ENDED + number)


def _end_with(run: str) -> None:
    """Have this process end when its run does, or the shell between them.

    Not where the run counts processes otherwise, as outside a container.
    """
    pid, numbers = run.split()
    if numbers != _numbers() or not hasattr(os, "pidfd_open"):
        return
    try:
        watched = [os.pidfd_open(parent) for parent in _parents(int(pid))]
        # Once more: a number may have become another process's before it was watched.
        alive = len(_parents(int(pid))) == len(watched)
    except (ProcessLookupError, FileNotFoundError):
        alive = False
    except OSError:  # a kernel or a sandbox without them
        return
    if not alive:
        raise EndedError("error: the run that started this job has ended")
    threading.Thread(target=_wait_for_end, args=(watched,), daemon=True).start()


def _wait_for_end(watched: list[int]) -> None:
    select.select(watched, [], [])
    os.kill(os.getpid(), signal.SIGTERM)


def _parents(last: int) -> list[int]:
    """The processes above this one, up to `last`.

    Raises:
        FileNotFoundError: it is not among them (or no more).
    """
    found, process = [], os.getppid()
    while process != last:
        found.append(process)
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        process = int(status.rpartition(")")[2].split()[1])
    return [*found, last]


def _numbers() -> str:
    """The space of process numbers, on this machine."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "unknown"


def _say(words: str) -> None:
    print(f"error: {words}" if words.startswith("ended") else words, file=sys.stderr, flush=True)
