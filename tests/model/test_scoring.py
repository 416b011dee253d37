"""Scores: padding changes none, and losses of identifiers are those of plain teacher forcing."""

from typing import Any

import pytest
import torch

from dsi.model.scoring import docid_logits, identifier_losses, pad_batch, pad_labels
from tests.conftest import DOCIDS


def test_padding_changes_no_logit(tiny_model: Any) -> None:
    with torch.no_grad():
        alone = docid_logits(tiny_model, *pad_batch([[5, 6, 1]]), documents=len(DOCIDS))
        both = pad_batch([[5, 6, 1], [7, 8, 9, 10, 11, 12, 1]])
        padded = docid_logits(tiny_model, *both, documents=len(DOCIDS))
    assert torch.allclose(alone[0], padded[0], atol=1e-6)


def test_the_loss_is_the_log_probability_of_the_tokens(tiny_model: Any) -> None:
    input_ids, mask = pad_batch([[5, 6, 1], [7, 1]])
    identifiers = [[50, 49], [48]]
    tokens = torch.tensor([48, 49, 50])
    with torch.no_grad():
        losses = identifier_losses(tiny_model, input_ids, mask, pad_labels(identifiers)[:, None], tokens)
        for row, identifier in enumerate(identifiers):
            steps = tiny_model(
                input_ids=input_ids[row : row + 1, : int(mask[row].sum())],
                decoder_input_ids=torch.tensor([[0, *identifier[:-1]]]),
            ).logits[0]
            expected = sum(
                steps[place, tokens].log_softmax(0)[token - 48] for place, token in enumerate(identifier)
            )
            assert losses[row, 0].item() == pytest.approx(-float(expected), rel=1e-5)
