"""Scores of documents are the model's own probabilities, however texts are padded and batched."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dsi.docids.tokenizer import load_tokenizer
from dsi.model import scoring
from dsi.model.checkpoint import Checkpoint
from dsi.model.scoring import (
    IGNORED,
    attended,
    docid_logits,
    identifier_losses,
    pad_batch,
    pad_labels,
    score_pairs,
    score_queries,
)
from dsi.model.t5 import build_sequence_model
from tests.conftest import DOCIDS, MAX_TOKENS, PIECES, SHAPE

QUERIES = ["shortest path", "random matrix of weight and trace", "node"]
IDENTIFIERS = [[50, 49], [48], [49, 49, 50]]


@pytest.fixture
def sequences(tokenizer_folder: Path) -> Checkpoint:
    model = build_sequence_model(SHAPE, PIECES + 3, IDENTIFIERS, seed=1).eval()
    return Checkpoint(model, load_tokenizer(tokenizer_folder, MAX_TOKENS), ["a", "b", "c"], IDENTIFIERS)


def test_padding_is_on_the_right_and_marked() -> None:
    input_ids, mask = pad_batch([[5, 6, 1], [7, 1]])
    assert input_ids.tolist() == [[5, 6, 1], [7, 1, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert pad_labels([[3], [4, 5]]).tolist() == [[3, IGNORED], [4, 5]]


def test_padding_changes_no_logit(tiny_model: Any) -> None:
    with torch.no_grad():
        alone = docid_logits(tiny_model, *pad_batch([[5, 6, 1]]), documents=24)
        padded = docid_logits(tiny_model, *pad_batch([[5, 6, 1], [7, 8, 9, 10, 11, 12, 1]]), documents=24)
    assert torch.allclose(alone[0], padded[0], atol=1e-6)


def test_scores_are_a_softmax_over_the_docid_tokens(tiny_model: Any, tokenizer_folder: Path) -> None:
    tokenizer = load_tokenizer(tokenizer_folder, MAX_TOKENS)
    checkpoint = Checkpoint(tiny_model, tokenizer, DOCIDS)
    scores = score_queries(checkpoint, QUERIES, batch_size=2)
    assert scores.shape == (3, 24)
    for text, row in zip(QUERIES, scores, strict=True):
        with torch.no_grad():
            inputs = torch.tensor([tokenizer.encode(text).ids])
            logits = tiny_model(input_ids=inputs, decoder_input_ids=torch.tensor([[0]])).logits[0, 0]
        np.testing.assert_allclose(row, logits[-24:].log_softmax(0), atol=1e-5)


def test_the_loss_is_the_log_probability_of_the_tokens(sequences: Checkpoint) -> None:
    input_ids, mask = pad_batch([[5, 6, 1], [7, 1]])
    identifiers = IDENTIFIERS[:2]
    tokens = torch.tensor([48, 49, 50])
    with torch.no_grad():
        losses = identifier_losses(sequences.model, input_ids, mask, pad_labels(identifiers)[:, None], tokens)
        for row, identifier in enumerate(identifiers):
            steps = sequences.model(
                input_ids=input_ids[row : row + 1, : int(mask[row].sum())],
                decoder_input_ids=torch.tensor([[0, *identifier[:-1]]]),
            ).logits[0]
            expected = sum(
                steps[place, tokens].log_softmax(0)[token - 48] for place, token in enumerate(identifier)
            )
            assert losses[row, 0].item() == pytest.approx(-float(expected), rel=1e-5)


def test_several_identifiers_of_a_query_are_scored_as_one_by_one(sequences: Checkpoint) -> None:
    input_ids, mask = pad_batch([[5, 6, 1], [7, 1]])
    labels = pad_labels(IDENTIFIERS)[None].repeat(2, 1, 1)
    tokens = torch.tensor([48, 49, 50])
    with torch.no_grad():
        together = identifier_losses(sequences.model, input_ids, mask, labels, tokens)
        for number, identifier in enumerate(IDENTIFIERS):
            alone = pad_labels([identifier] * 2)[:, None]
            losses = identifier_losses(sequences.model, input_ids, mask, alone, tokens)
            assert torch.allclose(together[:, number], losses[:, 0], atol=1e-5)


def test_pairs_are_scored_whatever_the_batches(sequences: Checkpoint) -> None:
    texts, documents = [*QUERIES, *QUERIES], [0, 1, 2, 2, 0, 1]
    pairs = zip(texts, documents, strict=True)
    one_by_one = [score_pairs(sequences, [text], [document])[0] for text, document in pairs]
    np.testing.assert_allclose(score_pairs(sequences, texts, documents, batch_size=4), one_by_one, atol=1e-5)
    assert (np.array(one_by_one) < 0).all()
    assert score_pairs(sequences, [], []).shape == (0,)


def test_masks_as_a_gpu_gets_them_give_the_same(
    tiny_model: Any, sequences: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, mask = pad_batch([[5, 6, 1], [7, 8, 9, 10, 11, 12, 1]])
    labels = pad_labels(IDENTIFIERS)[None].repeat(2, 1, 1)
    tokens = torch.tensor([48, 49, 50])

    def scores() -> list[torch.Tensor]:
        with torch.no_grad():
            losses = identifier_losses(sequences.model, ids, mask, labels, tokens)
            return [docid_logits(tiny_model, ids, mask, documents=24), losses]

    assert attended(mask, 5) is mask
    expanded = attended(mask.to("meta"), 5)
    assert (expanded.shape, expanded.dtype) == ((2, 1, 5, 7), torch.bool)
    expected = scores()
    monkeypatch.setattr(
        scoring, "attended", lambda mask, queries: mask.bool()[:, None, None, :].expand(-1, 1, queries, -1)
    )
    for one, other in zip(scores(), expected, strict=True):
        torch.testing.assert_close(one, other)
