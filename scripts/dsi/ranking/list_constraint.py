"""Constrained generation of lists: which tokens may come next."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer

from dsi.docids.tokenizer import EOS_ID, PAD_ID


class _Place(NamedTuple):
    """Where a prefix of a list stands: rows low … high - 1 continue its last, incomplete docid.

    depth: tokens of that docid so far; used: the rows of complete docids.
    """

    low: int
    high: int
    depth: int
    used: frozenset[int]


class ListConstraint:
    """Which tokens may come next in a list of K existing docids, none of them twice.

    Docids' tokens stand in a sorted matrix, in which what continues a prefix is a range of rows. The
    first piece of a docid starts with the space before it, so another docid may start wherever one is
    complete, even if a longer one goes on from there.

    Args:
        docids: every docid; those that the tokenizer cannot tell apart count as one.
        limit: K.
    """

    def __init__(self, docids: Sequence[str], tokenizer: Tokenizer, limit: int) -> None:
        encoded = tokenizer.encode_batch(list(docids), add_special_tokens=False)
        width = max(len(entry.ids) for entry in encoded) + 1
        matrix = np.full((len(encoded), width), -1, dtype=np.int32)
        for row, entry in enumerate(encoded):
            matrix[row, : len(entry.ids)] = entry.ids
        self._matrix = np.unique(matrix, axis=0)  # sorted; the end, -1, before every token
        self._first_pieces = np.unique(self._matrix[:, 0], return_index=True)
        self._limit = min(limit, len(self._matrix))
        self._places: dict[tuple[int, ...], _Place] = {}  # by prefix; a prefix is asked for many times

    def __call__(self, _: int, generated: torch.Tensor) -> list[int]:
        """The tokens allowed after what is generated so far, whose first token is the start's."""
        prefix = tuple(generated[1:].tolist())
        if EOS_ID in prefix:
            return [PAD_ID]
        if not prefix:
            self._places.clear()  # the first step of a batch: prefixes of the one before do not come again
        return self._tokens(self._place(prefix))

    def _place(self, prefix: tuple[int, ...]) -> _Place:
        if not prefix:
            return _Place(0, len(self._matrix), 0, frozenset())
        known = self._places.get(prefix)
        if known is None:
            known = self._places[prefix] = self._advance(self._place(prefix[:-1]), prefix[-1])
        return known

    def _advance(self, place: _Place, token: int) -> _Place:
        low, high = self._range(place, token)
        if low < high:
            return _Place(low, high, place.depth + 1, place.used)
        # The docid is complete and the token starts the next one.
        used = place.used | {place.low}
        low, high = self._range(_Place(0, len(self._matrix), 0, used), token)
        return _Place(low, high, 1, used)

    def _range(self, place: _Place, token: int) -> tuple[int, int]:
        column = self._matrix[place.low : place.high, place.depth]
        low, high = np.searchsorted(column, [token, token + 1])
        return place.low + int(low), place.low + int(high)

    def _tokens(self, place: _Place) -> list[int]:
        tokens = self._continuations(place)
        complete = place.depth > 0 and self._matrix[place.low, place.depth] == -1
        if complete and place.low not in place.used:
            used = place.used | {place.low}
            if len(used) == self._limit:
                tokens.append(EOS_ID)
            else:
                tokens += self._continuations(_Place(0, len(self._matrix), 0, used))
        return tokens

    def _continuations(self, place: _Place) -> list[int]:
        """Tokens of the incomplete docid, or a first one, that lead to a docid not yet used."""
        if place.depth == 0:  # computed once: it takes long with millions of docids
            tokens, starts = self._first_pieces
        else:
            column = self._matrix[place.low : place.high, place.depth]
            tokens, starts = np.unique(column, return_index=True)
        ends = np.append(starts[1:], place.high - place.low)
        used = np.array(sorted(place.used), dtype=np.int64) - place.low
        taken = np.searchsorted(used, ends) - np.searchsorted(used, starts)
        return [int(token) for token in tokens[(ends - starts > taken) & (tokens >= 0)]]
