"""Batches made ahead: a GPU trains on one while the processor makes the next."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

AHEAD = 2  # batches that are made or wait; each holds a target for every document

_END = object()


def made_ahead(batches: Iterable[Any]) -> Iterator[Any]:
    """The same batches in the same order, made by another thread and in memory that a GPU copies from itself.

    Args:
        batches: NamedTuples of tensors, numbers and such tuples. Whatever making them raises is raised here.
    """
    source = iter(batches)

    def make() -> Any:
        batch: Any = next(source, _END)
        return batch if batch is _END else _pinned(batch)

    with ThreadPoolExecutor(max_workers=1) as maker:
        made = deque(maker.submit(make) for _ in range(AHEAD))
        while (batch := made.popleft().result()) is not _END:
            made.append(maker.submit(make))
            yield batch


def _pinned(part: Any) -> Any:
    """A part of a batch with its tensors in memory that a GPU copies from itself."""
    if isinstance(part, torch.Tensor):
        return part.pin_memory()
    return type(part)(*map(_pinned, part)) if isinstance(part, tuple) else part
