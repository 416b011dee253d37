"""What each of several processes computes of a batch: losses and gradients add up to those of the batch."""

from typing import Any, NamedTuple

from dsi.training.objective import Objective


class Share(NamedTuple):
    """Some rows of a batch; whole: how many that has.

    part: by how much the loss of these rows counts in that of the batch; the parts of all shares add up to 1.
    """

    batch: Any
    whole: int
    part: float


def share_of(objective: Objective, batch: Any, rank: int, ranks: int) -> Share:
    """The share of one of so many processes (ranks, counted from 0): every so manieth row.

    A batch of fewer rows leaves none to the last ones. They compute its first row, which counts nothing: all
    have to take part in each step.
    """
    whole = len(batch[0])
    if ranks == 1:
        return Share(batch, whole, 1.0)
    if rank >= whole:
        return Share(objective.share(batch, slice(1))[0], whole, 0.0)
    rows, part = objective.share(batch, slice(rank, None, ranks))
    return Share(rows, whole, part)
