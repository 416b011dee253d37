"""T5's decoder over the prefixes of a trie, computed from its weights in another order.

The first layer's self-attention sees no query, so it is computed once a prefix for all queries; later layers
keep each prefix's keys and values; cross-attention, whose keys and values depend on the query only, has its
projections multiplied into them. All in fp32. The decoder itself is that of Raffel et al. 2020.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear, log_softmax
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.trie import PADDING, Children, Indices, Trie, alphabet
from dsi.model.scoring import attended
from dsi.ranking.cross_attention import Crosses, JoinedCrosses, SeparateCrosses
from dsi.ranking.decoder_layer import Layer, decoder_layer, norm
from dsi.ranking.frontier import Floats, Frontier, query_spans

HEAD_ELEMENTS = 2**18  # logits computed at a time: 1 MB stays in a processor's cache
HEAD_ELEMENTS_ON_CARD = 2**26  # 256 MB: there each call costs more than what passes through memory
NODES_AT_A_TIME = 4096  # prefixes whose first layer is computed at a time


class Past(NamedTuple):
    """keys, values: (P, T, inner) of the T tokens of P prefixes, in one layer."""

    keys: Tensor
    values: Tensor


def on_card(device: torch.device) -> bool:
    """Whether few large calls are better than many small ones: there each costs what it takes to launch."""
    return device.type == "cuda"


class PrefixDecoder:
    """T5's decoder, one token further at a time, over the prefixes of a trie.

    Args:
        model: its weights are read when this is made, except the encoder's; dropout is never applied.
        trie: whose prefixes are decoded.
    """

    def __init__(self, model: T5ForConditionalGeneration, trie: Trie) -> None:
        self._model = model
        self._trie = trie
        self._device = model.device
        self._on_card = on_card(model.device)
        config = model.config
        self._heads = config.num_heads
        self._tokens = alphabet([trie.identifiers[trie.identifiers != PADDING]])
        # Of the vocabulary only these rows are ever needed.
        self._head = model.lm_head.weight.detach()[self._to(self._tokens)].float()  # (A, d)
        # Where in the head the last token of each node is, level by level.
        self._columns = [self._to(np.searchsorted(self._tokens, level.token)) for level in trie.levels]
        self._scale = config.d_model**-0.5 if config.scale_decoder_outputs else 1.0
        self._layers = [decoder_layer(block) for block in model.decoder.block]
        attention = model.decoder.block[0].layer[0].SelfAttention
        longest = trie.identifiers.shape[1]
        with torch.inference_mode():
            self._bias = attention.compute_bias(longest, longest)[0].float()  # (H, L, L)
            self._states = self._first_layers(longest)

    def cross_attentions(self, input_ids: Tensor, attention_mask: Tensor) -> list[Crosses]:
        """Per layer the keys and values of cross-attention.

        Args:
            input_ids, attention_mask: (Q, L) int64.
        """
        mask = attention_mask.to(self._device)
        # Without dropout, whatever the model's mode, which is restored.
        training = self._model.training
        self._model.eval()
        encoded = self._model.encoder(
            input_ids=input_ids.to(self._device), attention_mask=attended(mask, mask.shape[1])
        )[0].float()
        self._model.train(training)
        if self._on_card:
            return [JoinedCrosses(layer, self._heads, encoded, mask.bool()) for layer in self._layers]
        texts = [row[real] for row, real in zip(encoded, mask.bool(), strict=True)]
        return [SeparateCrosses(layer, self._heads, texts) for layer in self._layers]

    def step(
        self, depth: int, chunk: Frontier, offspring: Children, past: list[Past], cross: list[Crosses]
    ) -> tuple[Floats, list[Past]]:
        """log P(token | prefix, query) of a chunk's children, and the keys and values of the chunk.

        Args:
            chunk: P prefixes of a level, sorted by query.
            offspring: the m children of their nodes.
            past: of the chunk's parents, for each layer after the first.

        Returns:
            (m,) float32, never above 0; and for each layer after the first the chunk's keys and values,
            which are `past` at the next level.
        """
        state = self._states[depth][self._to(chunk.node)]  # (P, d)
        spans = query_spans(chunk.query)
        present = []
        parent = self._to(chunk.parent)
        for number, layer in enumerate(self._layers):
            if number > 0:
                before = past[number - 1] if past else None
                added, here = self._self_attention(layer, state, before, parent, depth)
                state = state + added
                present.append(here)
            state = state + cross[number].attend(norm(state, layer.cross_norm, layer.eps), spans)
            state = state + layer.feed_forward(state)
        final = self._model.decoder.final_layer_norm
        state = norm(state, final.weight, final.variance_epsilon) * self._scale
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
        normed = norm(embedded, layer.self_norm, layer.eps)
        query, key, value = (linear(normed, weight) for weight in (layer.q, layer.k, layer.v))
        states = []
        for depth in range(longest):
            low, parts = self._trie.levels[depth].low, []
            for rows in np.split(low, range(NODES_AT_A_TIME, len(low), NODES_AT_A_TIME)):
                tokens = np.full((len(rows), depth + 1), start, dtype=np.int64)
                tokens[:, 1:] = identifiers[rows, :depth]
                place = self._to(np.searchsorted(used, tokens))  # (n, T)
                seen = self._attend(query[place[:, -1]], key[place], value[place], depth)
                parts.append(embedded[place[:, -1]] + linear(seen, layer.o))
            states.append(torch.cat(parts))
        return states

    def _self_attention(
        self, layer: Layer, state: Tensor, before: Past | None, parent: Tensor, depth: int
    ) -> tuple[Tensor, Past]:
        normed = norm(state, layer.self_norm, layer.eps)
        keys, values = linear(normed, layer.k)[:, None], linear(normed, layer.v)[:, None]
        if before is not None:
            keys = torch.cat([before.keys[parent], keys], dim=1)
            values = torch.cat([before.values[parent], values], dim=1)
        seen = self._attend(linear(normed, layer.q), keys, values, depth)
        return linear(seen, layer.o), Past(keys, values)

    def _attend(self, query: Tensor, keys: Tensor, values: Tensor, depth: int) -> Tensor:
        """Attention of the last position, (P, inner), to T = depth + 1 positions; T5 does not scale it."""
        split = (len(query), depth + 1, self._heads, -1)
        scores = torch.einsum("phe,pthe->pht", query.view(len(query), self._heads, -1), keys.view(split))
        weights = (scores + self._bias[:, depth, : depth + 1]).softmax(dim=-1)
        return torch.einsum("pht,pthe->phe", weights, values.view(split)).flatten(1)

    def _log_probabilities(self, depth: int, state: Tensor, offspring: Children) -> Floats:
        """The children's log-probabilities, softmax over the docids' tokens, a cache's worth at a time."""
        token = self._columns[depth + 1][self._to(offspring.node)]
        source = self._to(offspring.source)
        elements = HEAD_ELEMENTS_ON_CARD if self._on_card else HEAD_ELEMENTS
        rows = max(16, elements // len(self._head))
        cuts = [*range(0, len(state), rows), len(state)]
        ends = np.searchsorted(offspring.source, cuts)
        parts = []
        for (low, high), (first, last) in zip(pairwise(cuts), pairwise(ends), strict=True):
            scores = log_softmax(linear(state[low:high], self._head), dim=1)
            parts.append(scores[source[first:last] - low, token[first:last]])
        # Rounding must not lift a child above its parent.
        result: Floats = torch.cat(parts).clamp(max=0).cpu().numpy()
        return result
