"""Exact ranking over a trie: equal to teacher forcing, and to beams as many as there are documents."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.generation.logits_process import (
    LogitNormalization,
    PrefixConstrainedLogitsProcessor,
    SuppressTokensLogitsProcessor,
)

from dsi.docids.tokenizer import EOS_ID, PAD_ID
from dsi.docids.trie import alphabet, build_trie
from dsi.model.t5 import build_t5, untie_head
from dsi.ranking import prefix_decoder
from dsi.ranking.frontier import Frontier
from dsi.ranking.prefix_decoder import PrefixDecoder
from dsi.ranking.scores import rank_scores
from dsi.ranking.trie_search import TrieRanker, TrieRankingError
from tests.conftest import SHAPE
from tests.ranking.conftest import (
    VOCABULARY,
    Scores,
    make_identifiers,
    make_model,
    make_queries,
    names,
    teacher_forced,
)


def agrees(
    ranker: TrieRanker,
    expected: Scores,
    inputs: torch.Tensor,
    mask: torch.Tensor,
    depth: int,
) -> None:
    """The best documents are those of the reference, in its order as far as rounding lets it be told."""
    documents, scores, _, _ = ranker.top(inputs, mask, depth)
    k = min(depth, expected.shape[1])
    assert documents.shape == scores.shape == (len(inputs), k)
    assert all(len(set(row)) == k for row in documents.tolist())
    np.testing.assert_allclose(scores, -np.sort(-expected, axis=1)[:, :k], atol=2e-5, rtol=2e-6)
    np.testing.assert_allclose(scores, np.take_along_axis(expected, documents, axis=1), atol=2e-5, rtol=2e-6)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_softmax_is_over_the_tokens_of_docids_not_over_the_children() -> None:
    model = make_model()
    inputs, mask = make_queries(2, seed=1)
    everything = [[first, second] for first in range(VOCABULARY) for second in range(VOCABULARY)]
    ranker = TrieRanker(model, build_trie(everything), names(len(everything)))
    np.testing.assert_allclose(np.exp(ranker.scores(inputs, mask)).sum(axis=1), 1, atol=1e-5)
    some = TrieRanker(model, build_trie(everything[:100]), names(100))
    np.testing.assert_allclose(some.scores(inputs, mask), ranker.scores(inputs, mask)[:, :100], atol=1e-5)
    # Of the 3 x 3 sequences of three tokens all have some probability, not only those of documents.
    nine = [[first, second] for first in (4, 7, 9) for second in (4, 7, 9)]
    whole = TrieRanker(model, build_trie(nine), names(9)).scores(inputs, mask)
    np.testing.assert_allclose(np.exp(whole).sum(axis=1), 1, atol=1e-5)
    three = TrieRanker(model, build_trie([nine[1], nine[5], nine[6]]), names(3)).scores(inputs, mask)
    np.testing.assert_allclose(three, whole[:, [1, 5, 6]], atol=1e-5)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    on_card=st.booleans(),
    documents=st.integers(1, 40),
    queries=st.integers(1, 4),
    depth=st.integers(1, 60),
    prefixes_at_a_time=st.integers(1, 30),
    layers=st.integers(1, 3),
    gated=st.booleans(),
    letters=st.integers(3, 12),
    seed=st.integers(0, 999),
)
def test_any_trie_and_model_agree_with_teacher_forcing(
    on_card: bool,
    documents: int,
    queries: int,
    depth: int,
    prefixes_at_a_time: int,
    layers: int,
    gated: bool,
    letters: int,
    seed: int,
) -> None:
    """On a card calls are joined; those need none."""
    feed_forward = "gated-gelu" if gated else "relu"
    model = make_model(seed, num_decoder_layers=layers, feed_forward_proj=feed_forward)
    identifiers = make_identifiers(documents, seed, letters)
    inputs, mask = make_queries(queries, seed)
    expected = teacher_forced(model, identifiers, inputs, mask)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix_decoder, "on_card", lambda _: on_card)
        ranker = TrieRanker(model, build_trie(identifiers), names(documents), prefixes_at_a_time)
    agrees(ranker, expected, inputs, mask, depth)
    np.testing.assert_allclose(ranker.scores(inputs, mask), expected, atol=2e-5, rtol=2e-6)


def test_passes_are_counted_beside_those_that_no_exact_search_avoids() -> None:
    model = make_model()
    identifiers = make_identifiers(40, seed=4)
    inputs, mask = make_queries(3, seed=4)
    prefixes = sorted({tuple(tokens[:length]) for tokens in identifiers for length in range(1, len(tokens))})
    likelihood = teacher_forced(model, [list(prefix) for prefix in prefixes], inputs, mask, identifiers)
    ranker = TrieRanker(model, build_trie(identifiers), names(40), prefixes_at_a_time=4)
    for depth in (1, 3, 10):
        found = ranker.top(inputs, mask, depth)
        # The empty prefix has probability 1.
        needed = 1 + (likelihood >= found.scores[:, -1:]).sum(axis=1)
        assert found.needed.tolist() == needed.tolist()
        assert (found.needed <= found.passes).all()
        assert (found.passes < 1 + len(prefixes)).all()
    whole = ranker.top(inputs, mask, 40)
    assert whole.needed.tolist() == whole.passes.tolist() == [1 + len(prefixes)] * 3


@pytest.mark.parametrize("layers", [1, 2])
def test_beams_as_many_as_documents_find_the_same(layers: int) -> None:
    # The cache of `generate` fails where the decoder has more layers than the encoder.
    model = make_model(num_layers=layers, num_decoder_layers=layers)
    identifiers = make_identifiers(15, seed=3)
    inputs, mask = make_queries(3, seed=3)
    rows = {tuple(tokens): number for number, tokens in enumerate(identifiers)}

    def allowed(_: int, generated: torch.Tensor) -> list[int]:
        prefix = generated[1:].tolist()
        following = {
            tokens[len(prefix)] for tokens in identifiers if tokens[: len(prefix)] == prefix != tokens
        }
        return sorted(following) or [PAD_ID]

    generated = model.generate(
        input_ids=inputs,
        attention_mask=mask,
        num_beams=15,
        num_return_sequences=15,
        max_new_tokens=6,
        do_sample=False,
        length_penalty=0.0,
        renormalize_logits=False,
        logits_processor=[
            SuppressTokensLogitsProcessor(
                sorted(set(range(VOCABULARY)) - set(alphabet(identifiers).tolist()))
            ),
            LogitNormalization(),
            PrefixConstrainedLogitsProcessor(allowed, 15),
        ],
        output_scores=True,
        return_dict_in_generate=True,
    )
    found = [rows[(*row[1 : row.index(EOS_ID)], EOS_ID)] for row in generated.sequences.tolist()]
    ranking = TrieRanker(model, build_trie(identifiers), names(15)).top(inputs, mask, 15)
    assert ranking.documents.ravel().tolist() == found
    np.testing.assert_allclose(ranking.scores.ravel(), generated.sequences_scores, atol=2e-5)


def test_equal_probabilities_stand_by_descending_docid() -> None:
    """With a head of zeros each of six tokens has probability 1 / 6, so only lengths tell documents apart."""
    model = make_model()
    untie_head(model)
    torch.nn.init.zeros_(model.lm_head.weight)
    identifiers = [[3, 4], [5], [3, 5], [6], [4, 2], [7]]
    docids = ["a", "b", "c", "d", "e", "f"]
    inputs, mask = make_queries(2, seed=1)
    ranker = TrieRanker(model, build_trie(identifiers), docids, prefixes_at_a_time=1)
    for depth, order in ((6, "fdbeca"), (5, "fdbec"), (4, "fdbe"), (2, "fd")):
        run = ranker.rank(["q1", "q2"], inputs, mask, depth)
        assert "".join(run["docid"]) == order * 2
    assert run["score"].tolist() == pytest.approx([-np.log(6)] * 4)
    run = ranker.rank(["q1", "q2"], inputs, mask, 6)
    expected = rank_scores(ranker.scores(inputs, mask), ["q1", "q2"], docids, 6)
    assert run["docid"].tolist() == expected["docid"].tolist()


def test_a_run_has_every_query_and_no_more_documents_than_there_are() -> None:
    identifiers = make_identifiers(5, seed=2)
    inputs, mask = make_queries(7, seed=2)
    ranker = TrieRanker(make_model(), build_trie(identifiers), names(5))
    run = ranker.rank([f"q{number}" for number in range(7)], inputs, mask, depth=1000, queries=3)
    assert run["qid"].tolist() == [f"q{number}" for number in range(7) for _ in range(5)]
    assert run["rank"].tolist() == [1, 2, 3, 4, 5] * 7
    assert all(set(part) == set(names(5)) for _, part in run.groupby("qid")["docid"])


def test_hopeless_prefixes_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 4,096 identifiers over 4 tokens the best is found with a small part of 2 × 1,365 inner prefixes."""
    model = make_model(num_decoder_layers=1)
    untie_head(model)
    with torch.no_grad():
        model.lm_head.weight.mul_(4)  # probabilities as peaked as a trained model's
    identifiers = [[2 + number // 4**place % 4 for place in range(6)] for number in range(4096)]
    ranker = TrieRanker(model, build_trie(identifiers), names(4096), prefixes_at_a_time=8)
    seen = []
    step = PrefixDecoder.step

    def counted(decoder: PrefixDecoder, depth: int, chunk: Frontier, *rest: Any) -> Any:
        seen.extend(
            (depth, int(query), int(node)) for query, node in zip(chunk.query, chunk.node, strict=True)
        )
        assert len(chunk.node) <= 8
        return step(decoder, depth, chunk, *rest)

    monkeypatch.setattr(PrefixDecoder, "step", counted)
    inputs, mask = make_queries(2, seed=4)
    best = ranker.top(inputs, mask, 1)
    assert len(seen) == len(set(seen)) < 300
    everything = ranker.scores(inputs, mask)
    assert best.documents[:, 0].tolist() == everything.argmax(axis=1).tolist()


def test_a_model_in_training_is_ranked_without_dropout_and_stays_in_training() -> None:
    model = make_model().train()
    inputs, mask = make_queries(2, seed=1)
    identifiers = make_identifiers(9, seed=1)
    ranker = TrieRanker(model, build_trie(identifiers), names(9))
    scores = ranker.scores(inputs, mask)
    assert model.training and model.encoder.training
    np.testing.assert_allclose(scores, teacher_forced(model.eval(), identifiers, inputs, mask), atol=2e-5)


def test_the_default_studys_model() -> None:
    model = build_t5({**SHAPE, "embedding_std": 1.0}, 40, 1).eval()
    identifiers = make_identifiers(20, seed=1)
    inputs, mask = make_queries(2, seed=1)
    expected = teacher_forced(model, identifiers, inputs, mask)
    agrees(TrieRanker(model, build_trie(identifiers), names(20)), expected, inputs, mask, 10)


def test_what_does_not_fit_is_refused() -> None:
    model = make_model()
    with pytest.raises(TrieRankingError, match="found 2 docids for 1 identifiers"):
        TrieRanker(model, build_trie([[1]]), ["a", "b"])
    with pytest.raises(TrieRankingError, match=r"identifiers use tokens 1 … 24; the model knows 0 … 23"):
        TrieRanker(model, build_trie([[1, 24]]), ["a"])
    with pytest.raises(TrieRankingError, match="prefixes_at_a_time: found 0"):
        TrieRanker(model, build_trie([[1]]), ["a"], prefixes_at_a_time=0)


@pytest.mark.parametrize("prefixes_at_a_time", [1, 7, 64, 4096])
def test_the_size_of_chunks_changes_nothing(prefixes_at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefix_decoder, "NODES_AT_A_TIME", 4 * prefixes_at_a_time)
    monkeypatch.setattr(prefix_decoder, "HEAD_ELEMENTS", 1)  # 16 rows, the least
    model = make_model(num_decoder_layers=3)
    identifiers = make_identifiers(300, seed=5, letters=5)
    inputs, mask = make_queries(4, seed=5)
    expected = teacher_forced(model, identifiers[:40], inputs, mask)
    ranker = TrieRanker(model, build_trie(identifiers), names(300), prefixes_at_a_time)
    np.testing.assert_allclose(ranker.scores(inputs, mask)[:, :40], expected, atol=2e-5, rtol=2e-6)
    agrees(ranker, ranker.scores(inputs, mask), inputs, mask, 20)


def test_equal_settings_give_equal_bits_and_others_differ_in_the_last_ones() -> None:
    """Sums are taken in another order where other prefixes or queries go through the decoder beside one."""
    model = make_model(num_decoder_layers=2)
    trie = build_trie(make_identifiers(300, seed=6))
    inputs, mask = make_queries(8, seed=6)
    scores = TrieRanker(model, trie, names(300), 64).scores(inputs, mask)
    assert (scores == TrieRanker(model, trie, names(300), 64).scores(inputs, mask)).all()
    alone = np.concatenate(
        [
            TrieRanker(model, trie, names(300), 3).scores(inputs[row : row + 1], mask[row : row + 1])
            for row in range(8)
        ]
    )
    np.testing.assert_allclose(alone, scores, rtol=2e-6)
