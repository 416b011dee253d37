"""Exact ranking of all documents by P(docid | query) where an identifier has several tokens.

P(docid | query) is the product of the model's own token probabilities, softmax over the tokens that occur in
identifiers (dsi.model.t5); it is not renormalised over the children of a prefix. The identifiers form a trie,
and each prefix goes through the decoder once a query (dsi.ranking.prefix_decoder). A prefix's probability
bounds that of every identifier beneath it, so a prefix below the k-th best complete identifier so far is left
out: the search is depth first over chunks of prefixes, the likeliest first, and stays exact.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.trie import PADDING, Trie, children, is_leaf
from dsi.ranking.best_documents import BestDocuments, Ranking
from dsi.ranking.cross_attention import Crosses
from dsi.ranking.frontier import Floats, Frontier
from dsi.ranking.prefix_decoder import Past, PrefixDecoder


class TrieRankingError(ValueError):
    """Trie and model do not fit; the message says how."""


class TrieRanker:
    """Ranks the documents of a trie by a model's probability of their identifiers.

    It holds one vector of d_model numbers for every prefix shorter than the longest identifier.

    Args:
        model: its weights are read when this is made; a model trained further needs another one.
        trie: of the identifiers, documents numbered as in `docids`.
        docids: N names.
        prefixes_at_a_time: that go through the decoder together; bounds the memory.

    Raises:
        TrieRankingError: there are not as many docids as identifiers, or a token is beyond the vocabulary.
    """

    def __init__(
        self,
        model: T5ForConditionalGeneration,
        trie: Trie,
        docids: Sequence[str],
        prefixes_at_a_time: int = 1024,
    ) -> None:
        _check(model, trie, docids, prefixes_at_a_time)
        self._trie = trie
        self._decoder = PrefixDecoder(model, trie)
        self._docids = np.asarray(docids, dtype=object)
        self._prefixes_at_a_time = prefixes_at_a_time
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
        found = BestDocuments(len(input_ids), min(depth, len(self._docids)), self._place)
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
        cross: list[Crosses],
        found: BestDocuments,
    ) -> None:
        """Expand a frontier and all beneath it, chunk by chunk, each query's likeliest prefixes first."""
        if not len(frontier.node):
            return
        below = self._trie.levels[depth + 1]
        for chunk in self._chunks(frontier, found):
            found.count_passes(chunk)
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

    def _chunks(self, frontier: Frontier, found: BestDocuments) -> Iterator[Frontier]:
        """Parts of a frontier, by rank within the query, without what has fallen below the threshold."""
        by_query = np.lexsort((-frontier.score, frontier.query))
        sorted_query = frontier.query[by_query]
        rank = np.arange(len(by_query)) - np.searchsorted(sorted_query, sorted_query)
        turn = by_query[np.argsort(rank, kind="stable")]
        while True:
            turn = turn[frontier.score[turn] >= found.threshold[frontier.query[turn]]]
            if not len(turn):
                return
            part, turn = turn[: self._prefixes_at_a_time], turn[self._prefixes_at_a_time :]
            yield frontier.take(part[np.argsort(frontier.query[part], kind="stable")])


def _check(
    model: T5ForConditionalGeneration, trie: Trie, docids: Sequence[str], prefixes_at_a_time: int
) -> None:
    if len(docids) != len(trie.documents):
        raise TrieRankingError(
            f"found {len(docids)} docids for {len(trie.documents)} identifiers; expected one each"
        )
    if prefixes_at_a_time < 1:
        raise TrieRankingError(
            f"prefixes_at_a_time: found {prefixes_at_a_time}; expected at least 1, for example 1024"
        )
    tokens = trie.identifiers[trie.identifiers != PADDING]
    vocabulary = len(model.lm_head.weight)
    if tokens.min() < 0 or tokens.max() >= vocabulary:
        raise TrieRankingError(
            f"identifiers use tokens {tokens.min()} … {tokens.max()}; the model knows 0 … {vocabulary - 1}: "
            "expected a model whose vocabulary has room for the new tokens"
        )
