"""Sums of sparse target distributions over ranges of a trie's rows, and documents drawn from them."""

import random

import numpy as np
import numpy.typing as npt

from dsi.docids.trie import Indices
from dsi.training.objectives.chunked_loss import SparseTargets

Sums = npt.NDArray[np.float64]


class SparseSums:
    """Target distributions of B texts over N rows, cumulated, without a matrix of texts by rows.

    Args:
        targets: of documents.
        row_of: (N,) the row of each document.
    """

    def __init__(self, targets: SparseTargets, row_of: Indices) -> None:
        rows = row_of[targets.columns.numpy()]  # (B, K)
        order = rows.argsort(axis=1, kind="stable")
        self._rows: Indices = np.take_along_axis(rows, order, axis=1)
        shares = np.take_along_axis(targets.shares.numpy(), order, axis=1).astype(np.float64)
        self._sums: Sums = np.zeros((len(rows), rows.shape[1] + 1))
        np.cumsum(shares, axis=1, out=self._sums[:, 1:])
        self._rest: Sums = targets.rest.numpy().astype(np.float64)
        self._all = len(row_of)
        # Of all texts in one ascending array, so that one search finds the places of many ranges.
        self._keys: Indices = (self._rows + np.arange(len(rows))[:, None] * (self._all + 1)).ravel()

    def before(self, text: Indices, row: Indices) -> Sums:
        """What a text's rows before a row add up to, of many texts and rows."""
        place = np.searchsorted(self._keys, row + text * (self._all + 1)) - text * self._rows.shape[1]
        found: Sums = self._rest[text] * row + self._sums[text, place]
        return found

    def draw(self, text: int, count: int, rng: random.Random) -> list[int]:
        """Rows drawn independently with their probabilities, none of probability 0."""
        rows, sums, rest = self._rows[text], self._sums[text], self._rest[text]
        total = rest * self._all + sums[-1]
        through = rest * (rows + 1) + sums[1:]  # with each row that has a share
        return [self._drawn(rng.random() * total, rows, sums, rest, through) for _ in range(count)]

    def _drawn(self, wanted: float, rows: Indices, sums: Sums, rest: float, through: Sums) -> int:
        """The first row with which the sum is above what is wanted."""
        place = int(np.searchsorted(through, wanted, side="right"))
        if place < len(rows) and wanted >= rest * rows[place] + sums[place]:
            return int(rows[place])
        if rest > 0:  # between two rows with shares every row has as much
            first = int(rows[place - 1]) + 1 if place else 0
            last = int(rows[place]) - 1 if place < len(rows) else self._all - 1
            return min(max(int((wanted - sums[place]) / rest), first), last)
        # A product that was rounded up to the whole sum: the last row that has a share.
        return int(rows[np.searchsorted(sums[1:], sums[-1])])
