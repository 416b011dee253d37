"""Exact ranking of all documents by P(docid | query) where an identifier has several tokens.

P(docid | query) is the product of the model's own token probabilities, softmax over the tokens that occur in
identifiers (dsi.model.t5); it is not renormalised over the children of a prefix.
The identifiers form a trie, and each prefix goes through the decoder once a query. A prefix's probability
bounds that of every identifier beneath it, so a prefix below the k-th best complete identifier so far
is left out: the search is depth first over chunks of prefixes, the likeliest first, and stays exact.

The decoder is T5's (Raffel et al. 2020), computed from its weights in another order: the first layer's
self-attention sees no query, so it is computed once a prefix for all queries; later layers keep each
prefix's keys and values; cross-attention, whose keys and values depend on the query only, has its
projections multiplied into them. All in fp32. Does not know training, files or how tokens were assigned.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.trie import PADDING, Indices, Trie, children, is_leaf
from dsi.ranking.prefix_decoder import Cross, Floats, Frontier, Past, PrefixDecoder, query_spans

PLACE_BITS = 32  # of a document's integer in `Best`


class TrieRankingError(ValueError):
    """Trie and model do not fit; the message says how."""


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


class TrieRanker:
    """Ranks the documents of a trie by a model's probability of their identifiers.

    Holds one vector of d_model numbers for every prefix shorter than the longest identifier.

    Args:
        model: its weights are read when this is made; a model trained further needs another one.
        trie: of the identifiers, documents numbered as in `docids`.
        docids: N names.
        expanded: prefixes that go through the decoder at a time; bounds the memory.

    Raises:
        TrieRankingError: there are not as many docids as identifiers, or a token is beyond the vocabulary.
    """

    def __init__(
        self, model: T5ForConditionalGeneration, trie: Trie, docids: Sequence[str], expanded: int = 1024
    ) -> None:
        _check(model, trie, docids, expanded)
        self._trie = trie
        self._decoder = PrefixDecoder(model, trie)
        self._docids = np.asarray(docids, dtype=object)
        self._expanded = expanded
        by_docid = np.argsort(self._docids, kind="stable")[::-1]
        self._place = np.empty(len(docids), dtype=np.int64)  # in descending order of docids
        self._place[by_docid] = np.arange(len(docids))

    def rank(
        self, qids: Sequence[str], input_ids: Tensor, attention_mask: Tensor, depth: int, queries: int = 32
    ) -> pd.DataFrame:
        """The best `depth` documents of each query: qid, rank, docid, score.

        Args:
            input_ids, attention_mask: (len(qids), L) int64.
            depth: k; N if there are fewer documents.
            queries: searched at a time.
        """
        parts = [
            self.top(input_ids[first : first + queries], attention_mask[first : first + queries], depth)
            for first in range(0, len(qids), queries)
        ]
        k = min(depth, len(self._docids))
        return pd.DataFrame(
            {
                "qid": np.repeat(np.asarray(qids, dtype=object), k),
                "rank": np.tile(np.arange(1, k + 1), len(qids)),
                "docid": np.concatenate([self._docids[part.documents].ravel() for part in parts]),
                "score": np.concatenate([part.scores.ravel() for part in parts]),
            }
        )

    @torch.inference_mode()
    def top(self, input_ids: Tensor, attention_mask: Tensor, depth: int) -> Ranking:
        """The best min(depth, N) documents of Q queries; equal scores stand by descending docid.

        Prefixes that cannot lead to one of them are left out.

        Args:
            input_ids, attention_mask: (Q, L) int64, all searched at once.
        """
        found = Best(len(input_ids), min(depth, len(self._docids)), self._place)
        cross = self._decoder.cross_attentions(input_ids, attention_mask)
        zeros = np.zeros(len(input_ids), dtype=np.int64)
        root = Frontier(np.arange(len(input_ids)), zeros, zeros.astype(np.float32), zeros)
        self._expand(0, root, [], cross, found)
        return found.ranking()

    @torch.inference_mode()
    def scores(self, input_ids: Tensor, attention_mask: Tensor) -> Floats:
        """log P(docid | query) of every document, (Q, N) float32, from a walk of the whole trie."""
        ranking = self.top(input_ids, attention_mask, len(self._docids))
        scores = np.empty_like(ranking.scores)
        np.put_along_axis(scores, ranking.documents, ranking.scores, axis=1)
        return scores

    def _expand(
        self,
        depth: int,
        frontier: Frontier,
        past: list[Past],
        cross: list[list[Cross]],
        found: "Best",
    ) -> None:
        """Expand a frontier and all beneath it, chunk by chunk, each query's likeliest prefixes first."""
        if not len(frontier.node):
            return
        below = self._trie.levels[depth + 1]
        for chunk in self._chunks(frontier, found):
            found.expanded(chunk)
            offspring = children(self._trie.levels[depth], chunk.node)
            steps, present = self._decoder.step(depth, chunk, offspring, past, cross)
            query = chunk.query[offspring.source]
            score = chunk.score[offspring.source] + steps
            kept = np.flatnonzero(score >= found.threshold[query])
            grown = Frontier(query[kept], offspring.node[kept], score[kept], offspring.source[kept])
            complete = is_leaf(below, grown.node)
            leaves = grown.take(np.flatnonzero(complete))
            found.add(leaves.query, self._trie.documents[below.low[leaves.node]], leaves.score)
            self._expand(depth + 1, grown.take(np.flatnonzero(~complete)), present, cross, found)

    def _chunks(self, frontier: Frontier, found: "Best") -> Iterator[Frontier]:
        """Parts of a frontier, by rank within the query, without what has fallen below the threshold."""
        by_query = np.lexsort((-frontier.score, frontier.query))
        sorted_query = frontier.query[by_query]
        rank = np.arange(len(by_query)) - np.searchsorted(sorted_query, sorted_query)
        turn = by_query[np.argsort(rank, kind="stable")]
        while True:
            turn = turn[frontier.score[turn] >= found.threshold[frontier.query[turn]]]
            if not len(turn):
                return
            part, turn = turn[: self._expanded], turn[self._expanded :]
            yield frontier.take(part[np.argsort(frontier.query[part], kind="stable")])


class Best:
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
        self._opened: list[tuple[npt.NDArray[np.int32], Floats]] = []  # eight bytes a prefix
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

    def expanded(self, chunk: Frontier) -> None:
        """Count prefixes that go through the decoder."""
        self._opened.append((chunk.query.astype(np.int32), chunk.score))

    def ranking(self) -> Ranking:
        """What is best of all that was added."""
        keys = np.sort(np.array(self._keys), axis=1)
        query, score = (np.concatenate(parts) for parts in zip(*self._opened, strict=True))
        needed = score >= self.threshold[query]
        return Ranking(
            np.argsort(self._place)[keys & (2**PLACE_BITS - 1)],
            _scores(keys),
            np.bincount(query, minlength=len(keys)),
            np.bincount(query[needed], minlength=len(keys)),
        )


def _scores(keys: Indices) -> Floats:
    """What `Best.add` put into keys; 0 is not negative."""
    return 0 - (keys >> PLACE_BITS).astype(np.int32).view(np.float32)


def _check(model: T5ForConditionalGeneration, trie: Trie, docids: Sequence[str], expanded: int) -> None:
    if len(docids) != len(trie.documents):
        raise TrieRankingError(
            f"found {len(docids)} docids for {len(trie.documents)} identifiers; expected one each"
        )
    if expanded < 1:
        raise TrieRankingError(f"expanded: found {expanded}; expected at least 1 prefix, for example 1024")
    tokens = trie.identifiers[trie.identifiers != PADDING]
    vocabulary = len(model.lm_head.weight)
    if tokens.min() < 0 or tokens.max() >= vocabulary:
        raise TrieRankingError(
            f"identifiers use tokens {tokens.min()} … {tokens.max()}; the model knows 0 … {vocabulary - 1}: "
            "expected a model whose vocabulary has room for the new tokens"
        )
