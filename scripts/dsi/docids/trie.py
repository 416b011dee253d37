"""A trie of identifiers as arrays: each level's nodes are contiguous ranges of the sorted identifiers.

Nodes of a level are numbered from 0 in the order of their prefixes, so the children of a node are a range
of the next level, and the identifiers beneath it a range of rows.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Indices = npt.NDArray[np.int64]

PADDING = -1  # behind the end of an identifier


class TrieError(ValueError):
    """Identifiers form no trie with one leaf a document; the message names two of them."""


class Level(NamedTuple):
    """The n nodes at one depth.

    token: (n,) int32, the last token of each prefix; parent: (n,) node of the level above; low, high: (n,)
    rows of the identifiers that start with the prefix, high excluded; first: (n + 1,) the children of node
    i are first[i] … first[i + 1] - 1 of the next level; none if it is a leaf.
    """

    token: Ints
    parent: Indices
    low: Indices
    high: Indices
    first: Indices


class Trie(NamedTuple):
    """identifiers: (N, L) int32, sorted, padded with -1; documents: (N,) the document of each row.

    levels: from the root, one node that stands for the empty prefix, to the leaves of the longest
    identifiers; L + 1 of them.
    """

    identifiers: Ints
    documents: Indices
    levels: list[Level]


class Children(NamedTuple):
    """node: (m,) children in the next level; source: (m,) which of the nodes asked for each is a child of."""

    node: Indices
    source: Indices


def build_trie(sequences: Sequence[Sequence[int] | Ints]) -> Trie:
    """The trie of identifiers; documents are numbered in the order given.

    Args:
        sequences: N ≥ 1 identifiers of one token or more, all different and none a prefix of another.

    Raises:
        TrieError: they are not.
    """
    padded = _padded(sequences)
    documents = np.lexsort(padded.T[::-1]).astype(np.int64)
    identifiers = padded[documents]
    _check(identifiers, documents)
    levels = [_root(len(identifiers))]
    for depth in range(identifiers.shape[1]):
        levels[-1], below = _next_level(levels[-1], identifiers[:, depth])
        levels.append(below)
    return Trie(identifiers, documents, levels)


def children(level: Level, nodes: Indices) -> Children:
    """All children of some nodes of a level, node by node; a leaf has none."""
    low = level.first[nodes]
    counts = level.first[nodes + 1] - low
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    source = np.repeat(np.arange(len(nodes)), counts)
    return Children(np.arange(total) + np.repeat(low - ends + counts, counts), source)


def alphabet(identifiers: Iterable[Sequence[int] | Ints]) -> Indices:
    """The different tokens that occur in identifiers, ascending."""
    return np.unique(np.concatenate([np.asarray(tokens, dtype=np.int64) for tokens in identifiers]))


def is_leaf(level: Level, nodes: Indices) -> npt.NDArray[np.bool_]:
    """Which of the nodes are complete identifiers; that of a leaf is row `level.low[node]`."""
    return np.asarray(level.first[nodes] == level.first[nodes + 1])


def _padded(sequences: Sequence[Sequence[int] | Ints]) -> Ints:
    if not len(sequences):
        raise TrieError("found no identifiers; expected at least one")
    lengths = np.array([len(sequence) for sequence in sequences])
    if not lengths.all():
        raise TrieError(f"identifier {int(lengths.argmin())} has no tokens; expected at least one")
    padded = np.full((len(sequences), lengths.max()), PADDING, dtype=np.int32)
    padded[np.arange(lengths.max()) < lengths[:, None]] = np.concatenate(
        [np.asarray(sequence, dtype=np.int32) for sequence in sequences]
    )
    return padded


def _check(identifiers: Ints, documents: Indices) -> None:
    # A sequence that is a prefix of any other is one of its successor in the sorted order.
    upper, lower = identifiers[:-1], identifiers[1:]
    clash = np.flatnonzero(((upper == lower) | (upper == PADDING)).all(axis=1))
    if len(clash):
        one, other = documents[clash[0]], documents[clash[0] + 1]
        found = identifiers[clash[0]]
        raise TrieError(
            f"identifier {one}, {found[found != PADDING].tolist()}, equals or starts identifier {other}; "
            "expected every identifier to be different and none a prefix of another"
        )


def _root(rows: int) -> Level:
    zero = np.zeros(1, dtype=np.int64)
    return Level(np.full(1, PADDING, np.int32), zero, zero, np.array([rows]), zero)


def _next_level(above: Level, column: Ints) -> tuple[Level, Level]:
    """The level above with its children's places, and the children, told apart by a column of tokens."""
    starts = np.zeros(len(column), dtype=bool)
    starts[above.low] = True  # also where the level above has ended: its rows hold padding
    starts[1:] |= column[1:] != column[:-1]
    low = np.flatnonzero(starts)
    high = np.append(low[1:], len(column))
    parent = np.searchsorted(above.low, low, side="right") - 1
    real = column[low] != PADDING
    low, high, parent = low[real], high[real], parent[real]
    first = np.searchsorted(parent, np.arange(len(above.low) + 1))
    below = Level(column[low], parent, low, high, np.zeros(len(low) + 1, dtype=np.int64))
    return above._replace(first=first), below
