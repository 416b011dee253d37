"""Embeddings that start from latent semantic analysis of the collection (Deerwester et al. 1990)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from scipy.sparse.linalg import svds
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.bm25.parameters import DEFAULTS, Bm25Parameters

RANDOM_SHARE = 0.1  # of the standard deviation, added to LSA embeddings so that seeds differ


class ModelSettingsError(ValueError):
    """The configured model does not fit the collection; the message names the key and a remedy."""


class Factors(NamedTuple):
    """The truncated SVD U S Vᵀ: pieces (V, d) the rows of U √S, documents (N, d) those of V √S."""

    pieces: npt.NDArray[np.float64]
    documents: npt.NDArray[np.float64]


def initialise_from_lsa(
    model: T5ForConditionalGeneration,
    counts: sparse.csr_matrix,
    std: float,
    identifiers: Sequence[Sequence[int]] | None = None,
    bm25: Bm25Parameters = DEFAULTS,
) -> None:
    """Start embeddings from latent semantic analysis of the collection's piece-document matrix.

    The truncated SVD U S Vᵀ of the BM25-weighted matrix gives pieces the rows of U √S and docid tokens those
    of V √S, both scaled to `std`; a tenth of the random initialisation is added. A new token of several
    documents starts at the mean of theirs. A piece and the documents that hold it start near one another,
    without which a model learns nothing for many epochs.

    Args:
        counts: (V, N) occurrences of each piece in each document, with min(V, N) above d_model.
        std: standard deviation of the result.
        identifiers: the tokens of each document; None with atomic docids.
        bm25: how counts are weighted.

    Raises:
        ModelSettingsError: d_model is too wide for that many pieces and documents.
    """
    width = model.config.d_model
    if width >= min(counts.shape):
        raise ModelSettingsError(
            f"model.d_model: found {width} with embeddings: lsa, {counts.shape[0]} pieces and "
            f"{counts.shape[1]} documents; expected fewer dimensions than either, for example "
            f"d_model: {min(counts.shape) // 2}, or embeddings: random"
        )
    pieces, tokens = _factors(_bm25_weighted(counts, bm25), width)
    if identifiers is not None:
        tokens = _token_documents(identifiers, len(pieces), len(model.shared.weight)) @ tokens
    with torch.no_grad():
        weight = model.shared.weight.mul_(RANDOM_SHARE)
        weight[: len(pieces)] += _scaled(pieces, std)
        if len(tokens):
            weight[len(pieces) :] += _scaled(tokens, std)


def _bm25_weighted(counts: sparse.csr_matrix, bm25: Bm25Parameters) -> sparse.csr_matrix:
    """BM25 weights of a (pieces, documents) count matrix, from the documents' exact lengths."""
    entries = counts.tocoo()
    containing = np.bincount(entries.row, minlength=counts.shape[0])
    lengths = np.bincount(entries.col, weights=entries.data, minlength=counts.shape[1])
    idf = np.log1p((counts.shape[1] - containing + 0.5) / (containing + 0.5))
    norm = bm25.k1 * (1 - bm25.b + bm25.b * lengths / lengths.mean())
    values = idf[entries.row] * entries.data / (entries.data + norm[entries.col])
    return sparse.csr_matrix((values, (entries.row, entries.col)), shape=counts.shape)


def _factors(weighted: sparse.csr_matrix, width: int) -> Factors:
    """The first `width` dimensions of the decomposition of a (V, N) matrix."""
    start = np.ones(min(weighted.shape))  # a fixed start vector makes ARPACK deterministic
    left, singular, right = svds(weighted, k=width, v0=start)
    left, right = _fixed_signs(left, right)
    scale = np.sqrt(singular)
    return Factors(left * scale, right.T * scale)


def _fixed_signs(
    left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Singular vectors are defined up to sign: make the largest entry of each left one positive."""
    signs = np.sign(left[np.abs(left).argmax(axis=0), np.arange(left.shape[1])])
    return left * signs, right * signs[:, None]


def _token_documents(identifiers: Sequence[Sequence[int]], pieces: int, vocabulary: int) -> sparse.csr_matrix:
    """(new tokens, N): row t is uniform over the documents whose identifiers hold token pieces + t."""
    lengths = [len(identifier) for identifier in identifiers]
    tokens = np.concatenate([np.asarray(identifier) for identifier in identifiers])
    documents = np.repeat(np.arange(len(identifiers)), lengths)
    new = tokens >= pieces
    holding = sparse.csr_matrix(
        (np.ones(new.sum()), (tokens[new] - pieces, documents[new])),
        shape=(vocabulary - pieces, len(identifiers)),
    )
    holding.data[:] = 1
    return sparse.csr_matrix(holding.multiply(1 / np.maximum(holding.sum(axis=1), 1)))


def _scaled(vectors: npt.NDArray[np.float64], std: float) -> torch.Tensor:
    """The vectors, multiplied so that all their numbers have that standard deviation; float32."""
    return torch.from_numpy(vectors / vectors.std() * std).float()
