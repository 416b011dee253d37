"""Several processes that train one model together, each on a device of its own.

Lightning starts the others with the first one's command. Each computes its share of every batch, and all hold
the same weights, masks and moments. The first alone has the lock, writes, ranks and is told of signals; the
others end with it, whatever ends it.
"""

import ctypes
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import lightning.pytorch as pl
import torch

from dsi.base.command import TIMES
from dsi.training.settings import SettingsError

FIRST = "DSI_FIRST_PROCESS"  # the environment variable by which the others know the number of the first
_PR_SET_PDEATHSIG = 1  # of prctl, from Linux's prctl.h


def is_first() -> bool:
    """Whether this process was not started by another one to train beside it."""
    return os.environ.get(FIRST) in (None, str(os.getpid()))


def begin_beside_the_first() -> None:
    """In a process that trains beside the first one: end with it, and leave log, times and signals to it.

    Nothing that it does has to be undone, so the kernel may kill it at once. Where the kernel does not
    (elsewhere than on Linux), it ends when it finds the connection closed.
    """
    if is_first():
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if str(os.getppid()) != os.environ[FIRST]:
        sys.exit("error: the process that started this one to train beside it has ended")
    logging.getLogger().setLevel(logging.ERROR)
    os.environ.pop(TIMES, None)


def expect_others() -> None:
    """Before Lightning starts the others: have them find this process and its modules.

    Threads are as many as here in each of them; by itself Lightning divides the machine's among them, here
    too, and sums depend on it. SIGTERM ends this process as an error would, and the others with it.
    """
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)
    scripts = str(Path(__file__).resolve().parents[2])
    os.environ[FIRST] = str(os.getpid())
    os.environ["OMP_NUM_THREADS"] = str(torch.get_num_threads())
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (scripts, os.environ.get("PYTHONPATH"))))


def end_others(trainer: pl.Trainer) -> None:
    """End the processes that Lightning has started, if any: they may wait for this one."""
    launcher = trainer.strategy.launcher
    if launcher is not None:
        launcher.kill(signal.SIGKILL)


def _end(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)  # as shells have it


def check_devices(devices: int) -> None:
    """Check that each process has a device: a GPU where there is one, else the processor, which all share.

    Raises:
        SettingsError: there are fewer GPUs.
    """
    gpus = torch.cuda.device_count()
    if 0 < gpus < devices:
        raise SettingsError(
            f"training.devices: found {devices}, but this process sees {gpus} GPU{'s' if gpus > 1 else ''}; "
            f"expected at most as many, for example devices: {gpus}, or on Slurm a job that asks for more, "
            f"for example --set-resources dense:gpu={devices}"
        )
