"""The LSA start: documents lie near the words they hold, and BM25's constants weigh."""

from pathlib import Path
from typing import Any

import pytest
import torch

from dsi.bm25.parameters import Bm25Parameters
from dsi.docids.tokenizer import load_tokenizer, piece_counts
from dsi.model.lsa import ModelSettingsError, initialise_from_lsa
from dsi.model.t5 import build_model, build_sequence_model
from tests.conftest import PIECES, SHAPE, TEXTS


def start(folder: Path, **options: Any) -> torch.Tensor:
    """The embedding of a model with atomic docids, started from LSA."""
    model = build_model({**SHAPE, "d_model": 8}, PIECES, len(TEXTS), seed=1)
    initialise_from_lsa(model, piece_counts(load_tokenizer(folder), TEXTS), 0.1, **options)
    return model.shared.weight.detach()


def test_lsa_places_documents_near_the_words_they_hold(tokenizer_folder: Path) -> None:
    weight = start(tokenizer_folder)
    assert weight.std().item() == pytest.approx(0.1, rel=0.1)
    similarity = (weight[:PIECES] @ weight[PIECES:].T).flatten()
    counts = piece_counts(load_tokenizer(tokenizer_folder), TEXTS)
    occurrences = torch.from_numpy(counts.toarray()).float().flatten()
    assert torch.corrcoef(torch.stack([similarity, occurrences]))[0, 1] > 0.2
    assert torch.equal(start(tokenizer_folder), weight)


def test_the_configured_bm25_weighs(tokenizer_folder: Path) -> None:
    weight = start(tokenizer_folder)
    assert torch.equal(start(tokenizer_folder, bm25=Bm25Parameters(0.9, 0.4)), weight)
    assert not torch.allclose(start(tokenizer_folder, bm25=Bm25Parameters(3.0, 0.9)), weight, atol=1e-3)


def test_a_model_too_wide_for_lsa_is_refused(tokenizer_folder: Path) -> None:
    model = build_model({**SHAPE, "d_model": 32}, PIECES, len(TEXTS), seed=1)
    with pytest.raises(ModelSettingsError, match=r"model\.d_model: found 32 .* 24 documents; .* example"):
        initialise_from_lsa(model, piece_counts(load_tokenizer(tokenizer_folder), TEXTS), std=0.1)


def test_new_tokens_start_at_the_mean_of_their_documents(tokenizer_folder: Path) -> None:
    counts = piece_counts(load_tokenizer(tokenizer_folder), TEXTS)

    def rows(identifiers: list[list[int]] | None, new: int) -> torch.Tensor:
        model = build_sequence_model(SHAPE, PIECES + new, [[1]], seed=1)
        torch.nn.init.zeros_(model.shared.weight)
        initialise_from_lsa(model, counts, 0.1, identifiers)
        return model.shared.weight.detach()[PIECES:]

    documents = rows(None, 24)
    # Token 0 of the even documents, token 1 of the odd ones, and one token each of the two kinds of four.
    shared = rows([[PIECES + number % 2, PIECES + 2 + number // 2] for number in range(24)], 14)
    expected = torch.cat(
        [torch.stack([documents[::2].mean(0), documents[1::2].mean(0)]), documents.view(12, 2, -1).mean(1)]
    )
    assert torch.allclose(shared, expected * 0.1 / expected.std(correction=0), atol=1e-6)
