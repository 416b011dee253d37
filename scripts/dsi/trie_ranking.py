"""Exact ranking of all documents by P(docid | query) where an identifier has several tokens.

P(docid | query) is the product of the model's own token probabilities, softmax over the tokens that occur in
identifiers (dsi.model); it is not renormalised over the children of a prefix.
The identifiers form a trie, and each prefix goes through the decoder once a query. A prefix's probability
bounds that of every identifier beneath it, so a prefix below the k-th best complete identifier so far
is left out: the search is depth first over chunks of prefixes, the likeliest first, and stays exact.

The decoder is T5's (Raffel et al. 2020), computed from its weights in another order: the first layer's
self-attention sees no query, so it is computed once a prefix for all queries; later layers keep each
prefix's keys and values; cross-attention, whose keys and values depend on the query only, has its
projections multiplied into them. All in fp32. Does not know training, files or how tokens were assigned.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import gelu, linear, log_softmax, rms_norm
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.trie import PADDING, Children, Indices, Trie, alphabet, children, is_leaf

Floats = npt.NDArray[np.float32]

HEAD_ELEMENTS = 2**18  # logits computed at a time: 1 MB stays in a processor's cache
NODES_AT_A_TIME = 4096  # prefixes whose first layer is computed at a time
PLACE_BITS = 32  # of a document's integer in `Best`


class TrieRankingError(ValueError):
    """Trie and model do not fit; the message says how."""


class Cross(NamedTuple):
    """One layer's cross-attention to one query of L tokens, of which H heads attend to each.

    keys: (H L, d), scores = state @ keys.T; values: (H L, d), output = weights @ values.
    """

    keys: Tensor
    values: Tensor


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


class Past(NamedTuple):
    """keys, values: (P, T, inner) of the T tokens of P prefixes, in one layer."""

    keys: Tensor
    values: Tensor


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
        for row, low, high in _spans(query):
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


class PrefixDecoder:
    """T5's decoder, one token further at a time, over the prefixes of a trie.

    Args:
        model: evaluated without dropout, whatever its mode.
        trie: whose prefixes are decoded.
    """

    def __init__(self, model: T5ForConditionalGeneration, trie: Trie) -> None:
        self._model = model
        self._trie = trie
        self._device = model.device
        config = model.config
        self._heads = config.num_heads
        self._tokens = alphabet([trie.identifiers[trie.identifiers != PADDING]])
        # Of the vocabulary only these rows are ever needed.
        self._head = model.lm_head.weight.detach()[self._to(self._tokens)].float()  # (A, d)
        # Where in the head the last token of each node is, level by level.
        self._columns = [self._to(np.searchsorted(self._tokens, level.token)) for level in trie.levels]
        self._scale = config.d_model**-0.5 if config.scale_decoder_outputs else 1.0
        self._layers = [_layer(block) for block in model.decoder.block]
        attention = model.decoder.block[0].layer[0].SelfAttention
        longest = trie.identifiers.shape[1]
        with torch.inference_mode():
            self._bias = attention.compute_bias(longest, longest)[0].float()  # (H, L, L)
            self._states = self._first_layers(longest)

    def cross_attentions(self, input_ids: Tensor, attention_mask: Tensor) -> list[list[Cross]]:
        """Per layer and query, what cross-attention needs; nothing of it is repeated for prefixes."""
        mask = attention_mask.to(self._device)
        # A model in training would drop out; what it was is restored.
        training = self._model.training
        self._model.eval()
        encoded = self._model.encoder(input_ids=input_ids.to(self._device), attention_mask=mask)[0].float()
        self._model.train(training)
        texts = [row[real] for row, real in zip(encoded, mask.bool(), strict=True)]
        return [[self._cross(layer, text) for text in texts] for layer in self._layers]

    def step(
        self, depth: int, chunk: Frontier, offspring: Children, past: list[Past], cross: list[list[Cross]]
    ) -> tuple[Floats, list[Past]]:
        """log P(token | prefix, query) of a chunk's children, and the keys and values of the chunk.

        Args:
            chunk: P prefixes of a level, sorted by query.
            offspring: the m children of their nodes.
            past: of the chunk's parents, for each layer after the first.

        Returns:
            (m,) float32, never above 0; and for each layer after the first what `past` is for the next level.
        """
        state = self._states[depth][self._to(chunk.node)]  # (P, d)
        spans = _spans(chunk.query)
        present = []
        parent = self._to(chunk.parent)
        for number, layer in enumerate(self._layers):
            if number > 0:
                before = past[number - 1] if past else None
                added, here = self._self_attention(layer, state, before, parent, depth)
                state = state + added
                present.append(here)
            state = state + self._cross_attention(layer, state, spans, cross[number])
            state = state + layer.feed_forward(state)
        final = self._model.decoder.final_layer_norm
        state = _norm(state, final.weight, final.variance_epsilon) * self._scale
        return self._log_probabilities(depth, state, offspring), present

    def _to(self, indices: Indices) -> Tensor:
        return torch.from_numpy(indices).to(self._device)

    def _first_layers(self, longest: int) -> list[Tensor]:
        """Per level (n, d): the state of its nodes after the first layer's self-attention.

        Positions count in the bias only, so queries, keys and values are computed once a token.
        """
        layer, identifiers = self._layers[0], self._trie.identifiers
        start = self._model.config.decoder_start_token_id
        used = np.union1d(identifiers[identifiers != PADDING], [start]).astype(np.int64)
        embedded = self._model.decoder.embed_tokens(self._to(used)).float()  # (tokens, d)
        normed = _norm(embedded, layer.self_norm, layer.eps)
        query, key, value = (linear(normed, weight) for weight in (layer.q, layer.k, layer.v))
        states = []
        for depth in range(longest):
            low, parts = self._trie.levels[depth].low, []
            for rows in np.split(low, range(NODES_AT_A_TIME, len(low), NODES_AT_A_TIME)):
                tokens = np.full((len(rows), depth + 1), start, dtype=np.int64)
                tokens[:, 1:] = identifiers[rows, :depth]
                place = self._to(np.searchsorted(used, tokens))  # (n, T)
                attended = self._attend(query[place[:, -1]], key[place], value[place], depth)
                parts.append(embedded[place[:, -1]] + linear(attended, layer.o))
            states.append(torch.cat(parts))
        return states

    def _self_attention(
        self, layer: "Layer", state: Tensor, before: Past | None, parent: Tensor, depth: int
    ) -> tuple[Tensor, Past]:
        normed = _norm(state, layer.self_norm, layer.eps)
        keys, values = linear(normed, layer.k)[:, None], linear(normed, layer.v)[:, None]
        if before is not None:
            keys = torch.cat([before.keys[parent], keys], dim=1)
            values = torch.cat([before.values[parent], values], dim=1)
        attended = self._attend(linear(normed, layer.q), keys, values, depth)
        return linear(attended, layer.o), Past(keys, values)

    def _attend(self, query: Tensor, keys: Tensor, values: Tensor, depth: int) -> Tensor:
        """Attention of the last position, (P, inner), to T = depth + 1 positions; T5 does not scale it."""
        split = (len(query), depth + 1, self._heads, -1)
        scores = torch.einsum("phe,pthe->pht", query.view(len(query), self._heads, -1), keys.view(split))
        weights = (scores + self._bias[:, depth, : depth + 1]).softmax(dim=-1)
        return torch.einsum("pht,pthe->phe", weights, values.view(split)).flatten(1)

    def _cross(self, layer: "Layer", text: Tensor) -> Cross:
        """Cross-attention to one text (L, d), with the projections of queries and outputs multiplied in."""
        keys = linear(text, layer.cross_k).view(len(text), self._heads, -1)  # (L, H, e)
        values = linear(text, layer.cross_v).view(len(text), self._heads, -1)
        queries = layer.cross_q.view(self._heads, -1, layer.cross_q.shape[1])  # (H, e, d)
        outputs = layer.cross_o.view(len(layer.cross_o), self._heads, -1)  # (d, H, e)
        return Cross(
            torch.einsum("lhe,hed->hld", keys, queries).flatten(0, 1),
            torch.einsum("lhe,dhe->hld", values, outputs).flatten(0, 1),
        )

    def _cross_attention(
        self, layer: "Layer", state: Tensor, spans: list["Span"], cross: list[Cross]
    ) -> Tensor:
        normed = _norm(state, layer.cross_norm, layer.eps)
        attended = torch.empty_like(state)
        for query, low, high in spans:
            scores = linear(cross[query].keys, normed[low:high])  # (H L, p): softmax over rows is faster
            weights = scores.view(self._heads, -1, high - low).softmax(dim=1).flatten(0, 1)
            torch.mm(weights.T, cross[query].values, out=attended[low:high])
        return attended

    def _log_probabilities(self, depth: int, state: Tensor, offspring: Children) -> Floats:
        """The children's log-probabilities, softmax over the docids' tokens, a cache's worth at a time."""
        token = self._columns[depth + 1][self._to(offspring.node)]
        source = self._to(offspring.source)
        rows = max(16, HEAD_ELEMENTS // len(self._head))
        cuts = [*range(0, len(state), rows), len(state)]
        ends = np.searchsorted(offspring.source, cuts)
        parts = []
        for (low, high), (first, last) in zip(pairwise(cuts), pairwise(ends), strict=True):
            scores = log_softmax(linear(state[low:high], self._head), dim=1)
            parts.append(scores[source[first:last] - low, token[first:last]])
        # Rounding must not lift a child above its parent.
        result: Floats = torch.cat(parts).clamp(max=0).cpu().numpy()
        return result


class Layer(NamedTuple):
    """The weights of one decoder layer, (outputs, inputs) each, and its norms' weights (d,)."""

    self_norm: Tensor
    q: Tensor
    k: Tensor
    v: Tensor
    o: Tensor
    cross_norm: Tensor
    cross_q: Tensor
    cross_k: Tensor
    cross_v: Tensor
    cross_o: Tensor
    feed_forward_norm: Tensor
    inputs: Tensor  # of a gated layer the gate's, then the other's
    outputs: Tensor
    eps: float
    gated: bool
    activation: Any

    def feed_forward(self, state: Tensor) -> Tensor:
        """(P, d), without the residual."""
        inner = linear(_norm(state, self.feed_forward_norm, self.eps), self.inputs)
        if not self.gated:
            return linear(self.activation(inner), self.outputs)
        gate, other = inner.chunk(2, dim=1)
        return linear(self.activation(gate).mul_(other), self.outputs)


class Span(NamedTuple):
    """The places low … high - 1 of a chunk belong to one query of the batch."""

    query: int
    low: int
    high: int


def _layer(block: Any) -> Layer:
    own, cross, feed_forward = block.layer
    dense = feed_forward.DenseReluDense
    gated = hasattr(dense, "wi_0")
    return Layer(
        self_norm=_weight(own.layer_norm),
        q=_weight(own.SelfAttention.q),
        k=_weight(own.SelfAttention.k),
        v=_weight(own.SelfAttention.v),
        o=_weight(own.SelfAttention.o),
        cross_norm=_weight(cross.layer_norm),
        cross_q=_weight(cross.EncDecAttention.q),
        cross_k=_weight(cross.EncDecAttention.k),
        cross_v=_weight(cross.EncDecAttention.v),
        cross_o=_weight(cross.EncDecAttention.o),
        feed_forward_norm=_weight(feed_forward.layer_norm),
        inputs=torch.cat([_weight(dense.wi_0), _weight(dense.wi_1)]) if gated else _weight(dense.wi),
        outputs=_weight(dense.wo),
        eps=own.layer_norm.variance_epsilon,
        gated=gated,
        activation=_fused(dense.act),
    )


def _weight(module: Any) -> Tensor:
    weight: Tensor = module.weight
    return weight.detach().float()


def _fused(activation: Any) -> Any:
    """The same function in one pass where torch has it: transformers' `gelu_new` takes eight."""
    if type(activation).__name__ == "NewGELUActivation":
        return lambda inner: gelu(inner, approximate="tanh")
    return activation


def _norm(state: Tensor, weight: Tensor, eps: float) -> Tensor:
    return rms_norm(state, (state.shape[-1],), weight, eps)


def _spans(query: Indices) -> list[Span]:
    cuts = np.flatnonzero(np.diff(query, prepend=-1, append=-1)).tolist()
    return [Span(int(query[low]), low, high) for low, high in pairwise(cuts)]


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
