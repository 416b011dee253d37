"""Prefixes of a trie that are expanded together, each for one query."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dsi.docids.trie import Indices

Floats = npt.NDArray[np.float32]


class Frontier(NamedTuple):
    """P prefixes of one level to be expanded, each for one query.

    query: (P,) row of the batch; node: (P,) of the level; score: (P,) float32 log P(prefix | query);
    parent: (P,) its parent's place in the chunk that was expanded before.
    """

    query: Indices
    node: Indices
    score: Floats
    parent: Indices

    def take(self, places: Indices) -> "Frontier":
        """Some of them, in the order of the places."""
        return Frontier(self.query[places], self.node[places], self.score[places], self.parent[places])


class Span(NamedTuple):
    """The places low … high - 1 of a chunk belong to one query of the batch."""

    query: int
    low: int
    high: int


def query_spans(query: Indices) -> list[Span]:
    """Where each query lies in a chunk that is sorted by query."""
    cuts = np.flatnonzero(np.diff(query, prepend=-1, append=-1)).tolist()
    return [Span(int(query[low]), low, high) for low, high in pairwise(cuts)]
