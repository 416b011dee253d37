"""Embeddings from latent semantic analysis: near what they occur with, reproducible, weighted by BM25."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse

from dsi.bm25.parameters import Bm25Parameters
from dsi.docids.tokenizer import load_tokenizer, piece_counts
from dsi.model.lsa import ModelSettingsError, initialise_from_lsa
from dsi.model.t5 import build_model, build_sequence_model
from tests.conftest import DOCIDS, PIECES, SHAPE, TEXTS


@pytest.fixture(scope="module")
def counts(tokenizer_folder: Path) -> sparse.csr_matrix:
    return piece_counts(load_tokenizer(tokenizer_folder), TEXTS)


def started(counts: sparse.csr_matrix, bm25: Bm25Parameters | None = None) -> torch.Tensor:
    """The embedding, of pieces and then of the atomic docids."""
    model = build_model(SHAPE, PIECES, len(DOCIDS), seed=1)
    if bm25 is None:
        initialise_from_lsa(model, counts, std=0.1)
    else:
        initialise_from_lsa(model, counts, std=0.1, bm25=bm25)
    return model.shared.weight.detach()


def test_documents_are_near_the_words_they_hold(counts: sparse.csr_matrix) -> None:
    weight = started(counts)
    assert weight.std().item() == pytest.approx(0.1, rel=0.1)
    pieces, documents = weight[:-24], weight[-24:]
    similarity = (pieces @ documents.T).flatten()
    occurrences = torch.from_numpy(counts.toarray()).float().flatten()
    correlation = torch.corrcoef(torch.stack([similarity, occurrences]))[0, 1]
    assert correlation > 0.2
    assert torch.equal(started(counts), weight)


def test_counts_are_weighted_by_the_given_bm25(counts: sparse.csr_matrix) -> None:
    assert torch.equal(started(counts, Bm25Parameters(0.9, 0.4)), started(counts))
    assert not torch.allclose(started(counts, Bm25Parameters(2.0, 0.4)), started(counts))
    assert not torch.allclose(started(counts, Bm25Parameters(0.9, 1.0)), started(counts))


def test_products_of_piece_and_document_are_their_bm25_weight() -> None:
    """With all dimensions but one U √S · √S Vᵀ is the weighted matrix, up to scale and a small remainder."""
    rng = np.random.default_rng(1)
    counts = sparse.csr_matrix(rng.poisson(0.7, (40, 17)).astype(float))
    model = build_model(SHAPE, 40, 17, seed=1)
    torch.nn.init.zeros_(model.shared.weight)
    initialise_from_lsa(model, counts, std=0.1, bm25=Bm25Parameters(k1=1.5, b=0.3))
    weight = model.shared.weight.detach().double().numpy()
    tf = counts.toarray()
    containing, lengths = (tf > 0).sum(axis=1, keepdims=True), tf.sum(axis=0)
    idf = np.log(1 + (17 - containing + 0.5) / (containing + 0.5))
    expected = idf * tf / (tf + 1.5 * (0.7 + 0.3 * lengths / lengths.mean()))
    product = weight[:40] @ weight[40:].T
    assert np.corrcoef(product.ravel(), expected.ravel())[0, 1] > 0.995


def test_new_tokens_start_at_the_mean_of_their_documents(counts: sparse.csr_matrix) -> None:
    def rows(identifiers: list[list[int]] | None, new: int) -> torch.Tensor:
        model = build_sequence_model(SHAPE, PIECES + new, [[1]], seed=1)
        torch.nn.init.zeros_(model.shared.weight)
        initialise_from_lsa(model, counts, 0.1, identifiers)
        return model.shared.weight.detach()[PIECES:]

    documents = rows(None, 24)
    # Token 0 of the even documents, token 1 of the odd ones, and one token each of the twelve pairs.
    shared = rows([[PIECES + number % 2, PIECES + 2 + number // 2] for number in range(24)], 14)
    expected = torch.cat(
        [torch.stack([documents[::2].mean(0), documents[1::2].mean(0)]), documents.view(12, 2, -1).mean(1)]
    )
    assert torch.allclose(shared, expected * 0.1 / expected.std(correction=0), atol=1e-6)


def test_a_model_too_wide_is_refused(counts: sparse.csr_matrix) -> None:
    model = build_model({**SHAPE, "d_model": 32}, PIECES, 24, seed=1)
    with pytest.raises(ModelSettingsError, match=r"model\.d_model: found 32 .* 24 documents; .* example"):
        initialise_from_lsa(model, counts, std=0.1)
