"""Timing: what is compared is timed in turn in one process, so that a busy machine slows all of it alike."""

import os
import platform
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import torch

Name = TypeVar("Name")


class Quartiles(NamedTuple):
    """The median of some samples, and their lower and upper quartile."""

    median: float
    lower: float
    upper: float


def interleaved(
    calls: Mapping[Name, Callable[[], object]], rounds: int, warmup: int
) -> dict[Name, list[float]]:
    """Seconds of each call in each round, after rounds that do not count.

    In each round all calls are made once, in an order drawn anew (the same in every run): what goes before a
    call leaves it caches and memory as they are, so none may always follow the same one.
    """
    names, draw = list(calls), random.Random(0)
    samples: dict[Name, list[float]] = {name: [] for name in names}
    for count in range(warmup + rounds):
        for name in draw.sample(names, len(names)):
            _wait()
            start = time.perf_counter()
            calls[name]()
            _wait()
            if count >= warmup:
                samples[name].append(time.perf_counter() - start)
    return samples


def quartiles(samples: Sequence[float]) -> Quartiles:
    """Median and quartiles, linearly interpolated."""
    lower, median, upper = np.quantile(samples, (0.25, 0.5, 0.75))
    return Quartiles(float(median), float(lower), float(upper))


def speedup(reference: Sequence[float], samples: Sequence[float]) -> Quartiles:
    """How many times as fast as the reference, round by round; below 1 is slower."""
    return quartiles([one / other for one, other in zip(reference, samples, strict=True)])


def hardware() -> dict[str, str | int]:
    """Processor, GPU if any, threads and torch's version: what times depend on."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count() or 0,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's model as Linux names it, elsewhere its architecture."""
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
