"""T5's decoder in another order: step by step the probabilities of transformers' own forward pass."""

from typing import Any

import numpy as np
import pytest
import torch

from dsi.docids.trie import build_trie, children
from dsi.model.t5 import untie_head
from dsi.ranking.frontier import Frontier
from dsi.ranking.prefix_decoder import PrefixDecoder
from dsi.ranking.trie_search import TrieRanker
from tests.ranking.conftest import make_identifiers, make_model, make_queries, names, teacher_forced

SHAPES: dict[str, dict[str, Any]] = {
    "one layer, scaled": {"num_decoder_layers": 1},
    "three layers, gated, not scaled": {
        "num_decoder_layers": 3,
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": False,
    },
    "gated-silu": {"feed_forward_proj": "gated-silu"},
    "gelu": {"feed_forward_proj": "gelu"},
    "another start": {"decoder_start_token_id": 5},
    "another epsilon": {"layer_norm_epsilon": 0.1},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("own_head", [False, True], ids=["tied", "untied"])
def test_probabilities_are_those_of_the_model(shape: dict[str, Any], own_head: bool) -> None:
    model = make_model(**shape)
    if own_head:
        untie_head(model)
        with torch.no_grad():
            model.lm_head.weight.mul_(-0.7)
    inputs, mask = make_queries(3, seed=1)
    # Longer than the relative positions' largest distance.
    identifiers = make_identifiers(25, seed=1, longest=14)
    ranker = TrieRanker(model, build_trie(identifiers), names(25))
    expected = teacher_forced(model, identifiers, inputs, mask)
    np.testing.assert_allclose(ranker.scores(inputs, mask), expected, atol=2e-5, rtol=2e-6)


@torch.inference_mode()
def test_a_step_gives_the_children_of_a_chunk_for_each_query() -> None:
    """Two queries at the root, then both inner nodes of the first level for the second query."""
    model = make_model(num_decoder_layers=2)
    identifiers = [[3, 4], [3, 5], [6, 3], [7]]
    trie = build_trie(identifiers)
    inputs, mask = make_queries(2, seed=1)
    decoder = PrefixDecoder(model, trie)
    cross = decoder.cross_attentions(inputs, mask)
    zeros = np.zeros(2, dtype=np.int64)
    root = Frontier(np.arange(2), zeros, zeros.astype(np.float32), zeros)
    below = children(trie.levels[0], root.node)
    first, past = decoder.step(0, root, below, [], cross)
    assert first.shape == (6,)  # 3, 6 and 7 for either query
    expected = teacher_forced(model, [[3], [6], [7]], inputs, mask, known=identifiers)
    np.testing.assert_allclose(first.reshape(2, 3), expected, atol=2e-5)

    chunk = Frontier(np.array([1, 1]), np.array([0, 1]), first[[3, 4]], np.array([1, 1]))
    offspring = children(trie.levels[1], chunk.node)
    second, _ = decoder.step(1, chunk, offspring, past, cross)
    whole = teacher_forced(model, [[3, 4], [3, 5], [6, 3]], inputs[1:], mask[1:], known=identifiers)
    np.testing.assert_allclose(chunk.score[offspring.source] + second, whole[0], atol=2e-5)
