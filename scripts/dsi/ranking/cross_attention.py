"""Cross-attention of prefixes to their queries' texts, with projections multiplied into keys and values."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from dsi.ranking.decoder_layer import Layer
from dsi.ranking.frontier import Span


class Cross(NamedTuple):
    """One layer's cross-attention to one query of L tokens, of which H heads attend to each.

    keys: (H L, d), scores = state @ keys.T; values: (H L, d), output = weights @ values.
    """

    keys: Tensor
    values: Tensor


class SeparateCrosses:
    """One query after the other, without padding: as fast as a processor can.

    Args:
        texts: of Q queries, (L, d) each.
    """

    def __init__(self, layer: Layer, heads: int, texts: list[Tensor]) -> None:
        self._heads = heads
        self._crosses = [
            Cross(*(part.flatten(0, 1) for part in _projected(layer, heads, text))) for text in texts
        ]

    def attend(self, normed: Tensor, spans: list[Span]) -> Tensor:
        """What the texts add to P prefixes, (P, d).

        Args:
            normed: (P, d), prefixes sorted by query.
            spans: where each query's are.
        """
        attended = torch.empty_like(normed)
        for query, low, high in spans:
            cross = self._crosses[query]
            scores = linear(cross.keys, normed[low:high])  # (H L, p): softmax over rows is faster
            weights = scores.view(self._heads, -1, high - low).softmax(dim=1).flatten(0, 1)
            torch.mm(weights.T, cross.values, out=attended[low:high])
        return attended


class JoinedCrosses:
    """All queries in one product each way, padded: a card waits for the next call, not for numbers.

    Args:
        encoded: (Q, L, d) texts of Q queries; mask: (Q, L) bool, what is no padding.
    """

    def __init__(self, layer: Layer, heads: int, encoded: Tensor, mask: Tensor) -> None:
        self._heads = heads
        keys, values = _projected(layer, heads, encoded.flatten(0, 1))  # (H, Q L, d)
        joined = (heads, *encoded.shape[:2], encoded.shape[2])
        self._keys, self._values = (
            part.view(joined).transpose(0, 1) for part in (keys, values)
        )  # (Q, H, L, d)
        self._padding = ~mask[:, None, None, :]  # (Q, 1, 1, L)

    def attend(self, normed: Tensor, spans: list[Span]) -> Tensor:
        """As `SeparateCrosses.attend`."""
        longest = max(high - low for _, low, high in spans)
        there = torch.tensor([query for query, _, _ in spans]).to(normed.device)
        starts = torch.tensor([low for _, low, _ in spans]).to(normed.device)
        widths = torch.tensor([high - low for _, low, high in spans]).to(normed.device)
        span = torch.repeat_interleave(widths, output_size=len(normed))  # of each prefix
        within = torch.arange(len(normed), device=normed.device) - starts[span]
        states = normed.new_zeros(len(spans), longest, normed.shape[1])
        states[span, within] = normed
        keys, values = self._keys[there].flatten(1, 2), self._values[there].flatten(1, 2)  # (S, H L, d)
        scores = torch.bmm(states, keys.transpose(1, 2)).view(len(spans), longest, self._heads, -1)
        scores = scores.masked_fill(self._padding[there], -torch.inf)
        return torch.bmm(scores.softmax(dim=3).flatten(2), values)[span, within]


Crosses = SeparateCrosses | JoinedCrosses


def _projected(layer: Layer, heads: int, text: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values of a text (L, d), (H, L, d) each, with the other projections in them."""
    keys = linear(text, layer.cross_k).view(len(text), heads, -1)  # (L, H, e)
    values = linear(text, layer.cross_v).view(len(text), heads, -1)
    queries = layer.cross_q.view(heads, -1, layer.cross_q.shape[1])  # (H, e, d)
    outputs = layer.cross_o.view(len(layer.cross_o), heads, -1)  # (d, H, e)
    return torch.einsum("lhe,hed->hld", keys, queries), torch.einsum("lhe,dhe->hld", values, outputs)
