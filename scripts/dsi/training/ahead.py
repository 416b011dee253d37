"""Batches made ahead: a GPU trains on one while the processor makes the next."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

AHEAD = 2  # batches that are made or wait; each holds a target for every document

_END = object()


def made_ahead(batches: Iterable[Any]) -> Iterator[Any]:
    """The same batches in the same order, made by another thread and in memory that a GPU copies from itself.

    Args:
        batches: tuples of tensors (NamedTuples). Whatever making them raises is raised here.
    """
    source = iter(batches)

    def make() -> Any:
        batch: Any = next(source, _END)
        return batch if batch is _END else type(batch)(*(tensor.pin_memory() for tensor in batch))

    with ThreadPoolExecutor(max_workers=1) as maker:
        made = deque(maker.submit(make) for _ in range(AHEAD))
        while (batch := made.popleft().result()) is not _END:
            made.append(maker.submit(make))
            yield batch
