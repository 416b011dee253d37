"""The best k documents of each query while a trie is searched, and the ranking that comes of them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dsi.docids.trie import Indices
from dsi.ranking.frontier import Floats, Frontier, query_spans

PLACE_BITS = 32  # of a document's integer in BestDocuments


class Ranking(NamedTuple):
    """The best k documents of Q queries, and what it took to find them.

    documents: (Q, k) numbers of documents, best first; scores: (Q, k) log P(docid | query), float32;
    passes: (Q,) prefixes that went through the decoder; needed: (Q,) those of them that any exact search
    expands: a prefix as likely as the k-th document or likelier may lead to a better one.
    """

    documents: Indices
    scores: Floats
    passes: Indices
    needed: Indices


class BestDocuments:
    """The best k documents so far of each of Q queries.

    A document is one integer: the magnitude of its score's bits above its place among those of equal score.
    As no score is above 0, the smaller integer is the better document.

    Args:
        place: (N,) of each document among those of equal score, the smaller the earlier.
    """

    def __init__(self, queries: int, k: int, place: Indices) -> None:
        self._k = k
        self._place = place
        self._keys = [np.empty(0, dtype=np.int64)] * queries
        self._passes: list[tuple[npt.NDArray[np.int32], Floats]] = []  # eight bytes a prefix
        # (Q,): a document below it is not among the best k; one that equals it may be.
        self.threshold = np.full(queries, -np.inf, dtype=np.float32)

    def add(self, query: Indices, documents: Indices, scores: Floats) -> None:
        """Documents with their queries, sorted by query; none is ever added twice."""
        keys = np.abs(scores).view(np.int32).astype(np.int64) << PLACE_BITS | self._place[documents]
        for row, low, high in query_spans(query):
            together = np.concatenate([self._keys[row], keys[low:high]])
            if len(together) >= self._k:
                together = np.partition(together, self._k - 1)[: self._k]
                self.threshold[row] = _scores(together[-1:])[0]
            self._keys[row] = together

    def count_passes(self, chunk: Frontier) -> None:
        """Note prefixes that go through the decoder."""
        self._passes.append((chunk.query.astype(np.int32), chunk.score))

    def ranking(self) -> Ranking:
        """The best of all that was added; every query has k documents by then."""
        keys = np.sort(np.array(self._keys), axis=1)
        query, score = (np.concatenate(parts) for parts in zip(*self._passes, strict=True))
        needed = score >= self.threshold[query]
        return Ranking(
            np.argsort(self._place)[keys & (2**PLACE_BITS - 1)],
            _scores(keys),
            np.bincount(query, minlength=len(keys)),
            np.bincount(query[needed], minlength=len(keys)),
        )


def _scores(keys: Indices) -> Floats:
    """The scores in keys of `BestDocuments`; 0 is not negative."""
    return 0 - (keys >> PLACE_BITS).astype(np.int32).view(np.float32)
