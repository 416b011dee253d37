"""Shared by all tests: a process of its own for everything that starts a JVM."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest


@pytest.fixture(scope="module")
def java() -> Iterator[Callable[..., Any]]:
    """Calls a function in another process: a JVM beside torch in one process ends in segmentation faults.

    The workflow keeps them apart too, as its stages are processes.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield lambda function, *arguments: process.submit(function, *arguments).result()
