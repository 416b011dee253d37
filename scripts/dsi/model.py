"""T5 as a retriever: building, initialising, scoring every document, saving and loading.

The vocabulary is V text pieces followed by the new tokens of the docid scheme, in one matrix. With atomic
docids these are N tokens that never occur as input, so their rows are an output head of their own;
P(docid | query) is the softmax over those rows at the first decoder step (Tay et al. 2022, "Transformer
Memory as a Differentiable Search Index"). With other schemes it is the product of the probabilities of the
identifier's tokens, each a softmax over the tokens that occur in identifiers: as with atomic docids, the
others are never output, which spares training to learn so, and ranking most of the output head.
A checkpoint folder is an ordinary Hugging Face one plus `docids.parquet` (docid, tokens) and
`retriever.json` (what its inputs and outputs stand for). Does not know training.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy import sparse
from scipy.sparse.linalg import svds
from tokenizers import Tokenizer
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.files import write_json
from dsi.tokenizer import EOS_ID, PAD_ID, copy_tokenizer, load_tokenizer
from dsi.trie import alphabet

EMBEDDING = "shared.weight"
RETRIEVER = "retriever.json"
DOCID_TASK, LIST_TASK = "docid", "ranked-list"
ATOMIC = "atomic"
IGNORED = -100  # a label that is not there; torch's cross-entropy skips it
RANDOM_SHARE = 0.1  # of the standard deviation, added to LSA embeddings so that seeds differ


class CheckpointError(RuntimeError):
    """A checkpoint folder does not hold the model it should; the message names what differs."""


class ModelSettingsError(ValueError):
    """The configured model does not fit the collection; the message names the key and a remedy."""


class Checkpoint(NamedTuple):
    """A retriever: the model, its tokenizer, and the docids.

    identifiers: the tokens of each docid; None with atomic docids, which are the last tokens of the
    vocabulary in order.
    """

    model: T5ForConditionalGeneration
    tokenizer: Tokenizer
    docids: list[str]
    identifiers: list[list[int]] | None = None


def build_model(
    settings: Mapping[str, Any], vocabulary: int, documents: int, seed: int
) -> T5ForConditionalGeneration:
    """A T5 with random weights and atomic docids.

    Args:
        settings: the shape, as under `model` of a docid baseline.
        vocabulary: V, the number of text pieces.
        documents: N, the number of docid tokens, with ids V … V + N - 1.
        seed: of the weights.
    """
    model = build_t5(settings, vocabulary + documents, seed)
    generation = model.generation_config
    assert generation is not None
    generation.max_new_tokens = 1
    generation.suppress_tokens = list(range(vocabulary))
    return model


def build_sequence_model(
    settings: Mapping[str, Any], vocabulary: int, identifiers: Sequence[Sequence[int]], seed: int
) -> T5ForConditionalGeneration:
    """A T5 with random weights and docids of several tokens; what `generate` scores is P(docid | query).

    Args:
        settings: the shape, as under `model` of a docid baseline.
        vocabulary: text pieces and new tokens.
        identifiers: the tokens of each document.
        seed: of the weights.
    """
    model = build_t5(settings, vocabulary, seed)
    generation = model.generation_config
    assert generation is not None
    generation.max_new_tokens = max(map(len, identifiers))
    generation.suppress_tokens = np.setdiff1d(np.arange(vocabulary), alphabet(identifiers)).tolist()
    # Beams add up log-probabilities from before the suppression unless they are told otherwise.
    generation.renormalize_logits = True
    return model


def build_t5(settings: Mapping[str, Any], vocabulary: int, seed: int) -> T5ForConditionalGeneration:
    """A T5 with random weights, embeddings normal with the configured standard deviation.

    Args:
        settings: the shape: d_model, d_kv, d_ff, num_heads, num_layers, num_decoder_layers, dropout,
            feed_forward and embedding_std.
        vocabulary: rows of the embedding.
        seed: of the weights.
    """
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=vocabulary,
        d_model=settings["d_model"],
        d_kv=settings["d_kv"],
        d_ff=settings["d_ff"],
        num_heads=settings["num_heads"],
        num_layers=settings["num_layers"],
        num_decoder_layers=settings["num_decoder_layers"],
        dropout_rate=settings["dropout"],
        feed_forward_proj=settings["feed_forward"],
        # The weights stay tied; this only turns off the d^-0.5 scaling of the output, with which
        # a small model from random weights learns slowly.
        tie_word_embeddings=False,
        pad_token_id=PAD_ID,
        eos_token_id=EOS_ID,
        decoder_start_token_id=PAD_ID,
    )
    model = T5ForConditionalGeneration(config)
    # T5's own initialisation gives embeddings of standard deviation 1, from which nothing is learnt.
    torch.nn.init.normal_(model.shared.weight, std=settings["embedding_std"])
    return model


def untie_head(model: T5ForConditionalGeneration) -> None:
    """Give the output head weights of its own, equal to the embedding's; nothing if it has them.

    Pruning a tied head would prune the embedding with it. A checkpoint in which the two differ loads
    untied.
    """
    if model.lm_head.weight is model.shared.weight:
        model.lm_head.weight = torch.nn.Parameter(model.shared.weight.detach().clone())


def initialise_from_lsa(
    model: T5ForConditionalGeneration,
    counts: sparse.csr_matrix,
    std: float,
    identifiers: Sequence[Sequence[int]] | None = None,
) -> None:
    """Start embeddings from latent semantic analysis of the collection's piece-document matrix.

    The truncated SVD U S Vᵀ of the BM25-weighted matrix gives pieces the rows of U √S and docid tokens
    those of V √S, both scaled to `std`; a tenth of the random initialisation stays. A piece and the
    documents that hold it start near one another, which spares the model its long first plateau. A new
    token of several documents starts at the mean of theirs.

    Args:
        counts: (V, N) occurrences of each piece in each document, with min(V, N) above d_model.
        std: standard deviation of the result.
        identifiers: the tokens of each document; None with atomic docids.

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
    weighted = _bm25_weighted(counts)
    start = np.ones(min(weighted.shape))  # a fixed start vector makes ARPACK deterministic
    left, singular, right = svds(weighted, k=width, v0=start)
    left, right = _fixed_signs(left, right)
    scale = np.sqrt(singular)
    tokens = right.T * scale
    if identifiers is not None:
        tokens = _token_documents(identifiers, len(left), len(model.shared.weight)) @ tokens
    with torch.no_grad():
        weight = model.shared.weight.mul_(RANDOM_SHARE)
        pieces = len(left)
        weight[:pieces] += _scaled(left * scale, std)
        if len(tokens):
            weight[pieces:] += _scaled(tokens, std)


def docid_logits(
    model: T5ForConditionalGeneration,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    documents: int,
) -> torch.Tensor:
    """Logits of every docid token at the first decoder step.

    Args:
        input_ids, attention_mask: (B, L) int64, padded on the right.
        documents: N, the number of docid tokens, the last N of the vocabulary.

    Returns:
        (B, N) float32.
    """
    encoded = model.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]  # (B, L, d)
    start = torch.full_like(input_ids[:, :1], model.config.decoder_start_token_id)
    decoded = model.decoder(
        input_ids=start,
        encoder_hidden_states=encoded,
        encoder_attention_mask=attention_mask,
        use_cache=False,
    )[0][:, 0]  # (B, d)
    # Slicing the head before the product spares the logits of the text pieces.
    head = model.lm_head.weight[-documents:]  # (N, d)
    return (decoded @ head.T).float()


def identifier_losses(
    model: T5ForConditionalGeneration,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    labels: torch.Tensor,
    tokens: torch.Tensor,
) -> torch.Tensor:
    """-log P(docid | query) of some identifiers a query, told their own tokens; (B, M) float32.

    Args:
        input_ids, attention_mask: (B, L) int64, padded on the right.
        labels: (B, M, T) int64, M identifiers for each query, IGNORED behind their ends.
        tokens: (A,) int64, all tokens that occur in identifiers, ascending; P(token) is a softmax over them.
    """
    several, longest = labels.shape[1:]
    encoded = model.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]  # (B, L, d)
    labels = labels.flatten(0, 1)  # (B · M, T)
    start = torch.full_like(labels[:, :1], model.config.decoder_start_token_id)
    before = labels[:, :-1].masked_fill(labels[:, :-1] == IGNORED, PAD_ID)
    decoded = model.decoder(
        input_ids=torch.cat([start, before], dim=1),
        encoder_hidden_states=encoded.repeat_interleave(several, dim=0),
        encoder_attention_mask=attention_mask.repeat_interleave(several, dim=0),
        use_cache=False,
    )[0]  # (B · M, T, d)
    # Rows of the head before the product spare the logits of all other tokens.
    logits = decoded @ model.lm_head.weight[tokens].T  # (B · M, T, A)
    places = torch.searchsorted(tokens, labels.clamp(min=0)).masked_fill(labels == IGNORED, IGNORED)
    nats = torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), places.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return nats.view(-1, several, longest).sum(dim=2)


def pad_labels(identifiers: Sequence[Sequence[int]]) -> torch.Tensor:
    """(B, longest) int64, IGNORED behind the ends."""
    longest = max(len(identifier) for identifier in identifiers)
    labels = torch.full((len(identifiers), longest), IGNORED)
    for row, identifier in enumerate(identifiers):
        labels[row, : len(identifier)] = torch.as_tensor(identifier)
    return labels


def pad_batch(sequences: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """(input_ids, attention_mask), both (B, longest) int64, padded on the right."""
    longest = max(len(sequence) for sequence in sequences)
    ids = np.full((len(sequences), longest), PAD_ID, dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
    input_ids = torch.from_numpy(ids)
    return input_ids, (input_ids != PAD_ID).long()


@torch.inference_mode()
def score_queries(
    checkpoint: Checkpoint, texts: Sequence[str], batch_size: int = 256
) -> npt.NDArray[np.float32]:
    """log P(docid | query) of every document, (len(texts), N) float32, computed in fp32."""
    model = checkpoint.model.eval()
    scores = []
    for first in range(0, len(texts), batch_size):
        encoded = checkpoint.tokenizer.encode_batch(list(texts[first : first + batch_size]))
        input_ids, mask = pad_batch([entry.ids for entry in encoded])
        logits = docid_logits(
            model, input_ids.to(model.device), mask.to(model.device), len(checkpoint.docids)
        )
        scores.append(torch.log_softmax(logits, dim=1).cpu().numpy())
    return np.concatenate(scores)


@torch.inference_mode()
def score_pairs(
    checkpoint: Checkpoint, texts: Sequence[str], documents: Sequence[int], batch_size: int = 256
) -> npt.NDArray[np.float32]:
    """log P(docid | query) of one document for each text, (len(texts),) float32, computed in fp32.

    Of docids of several tokens; those of one are scored all at once (`score_queries`).
    """
    model, identifiers = checkpoint.model.eval(), checkpoint.identifiers
    assert identifiers is not None
    tokens = torch.from_numpy(alphabet(identifiers))
    scores = [np.empty(0, dtype=np.float32)]
    for first in range(0, len(texts), batch_size):
        encoded = checkpoint.tokenizer.encode_batch(list(texts[first : first + batch_size]))
        labels = pad_labels([identifiers[document] for document in documents[first : first + batch_size]])
        batch = (*pad_batch([entry.ids for entry in encoded]), labels[:, None], tokens)
        losses = identifier_losses(model, *(tensor.to(model.device) for tensor in batch))
        scores.append(-losses[:, 0].cpu().numpy())
    return np.concatenate(scores)


def save_checkpoint(
    model: T5ForConditionalGeneration,
    tokenizer_folder: Path,
    docids: pd.DataFrame,
    folder: Path,
    retriever: Mapping[str, Any],
) -> None:
    """Write an ordinary Hugging Face checkpoint (safetensors, config, tokenizer), the docids and the task.

    Args:
        docids: docid, and the tokens of its identifier where the task has such.
        retriever: what its inputs and outputs stand for: task and max_tokens (inputs are cut to so many);
            of a docid model the scheme; of a ranked-list model k and constrained.
    """
    model.save_pretrained(folder)
    copy_tokenizer(tokenizer_folder, folder)
    docids.to_parquet(folder / "docids.parquet", index=False)
    write_json(dict(retriever), folder / RETRIEVER)


def read_retriever(folder: Path) -> dict[str, Any]:
    """What the inputs and outputs of a checkpoint stand for, as `save_checkpoint` wrote it.

    Raises:
        CheckpointError: the folder does not say so.
    """
    path = folder / RETRIEVER
    if not path.is_file():
        raise CheckpointError(
            f"{folder}: no {RETRIEVER}; expected a checkpoint folder such as "
            "results/baselines/dsi/seed1/dense"
        )
    retriever: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return retriever


def load_checkpoint(folder: Path) -> Checkpoint:
    """Load a docid checkpoint that `save_checkpoint` wrote, checking that no weight is left to chance.

    Raises:
        CheckpointError: a file is missing, a weight is missing or unexpected, or the task is another.
    """
    retriever = read_retriever(folder)
    if retriever["task"] != DOCID_TASK:
        raise CheckpointError(
            f"{folder}/{RETRIEVER}: found the task {retriever['task']!r}; expected {DOCID_TASK}"
        )
    model = load_t5(folder)
    frame = pd.read_parquet(folder / "docids.parquet")
    tokenizer = load_tokenizer(folder, retriever["max_tokens"])
    return Checkpoint(model, tokenizer, list(frame["docid"]), identifiers_of(frame, retriever["scheme"]))


def identifiers_of(docids: pd.DataFrame, scheme: str) -> list[list[int]] | None:
    """The tokens of each docid of a frame docid, tokens; None for atomic docids."""
    return None if scheme == ATOMIC else [tokens.tolist() for tokens in docids["tokens"]]


def load_t5(folder: Path) -> T5ForConditionalGeneration:
    """The T5 of a checkpoint folder, from safetensors and with every weight accounted for.

    Raises:
        CheckpointError: the weights are not there, or one is missing or unexpected.
    """
    if not (folder / "model.safetensors").is_file():
        raise CheckpointError(
            f"{folder}: no model.safetensors; expected a checkpoint folder such as "
            "results/baselines/dsi/seed1/dense"
        )
    model, report = T5ForConditionalGeneration.from_pretrained(
        folder, output_loading_info=True, use_safetensors=True
    )
    strays = {key: sorted(report[key]) for key in ("missing_keys", "unexpected_keys") if report[key]}
    if strays:
        raise CheckpointError(f"{folder}/model.safetensors does not fit config.json: {strays}")
    return model


def _bm25_weighted(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """BM25 weights (k1 0.9, b 0.4, exact lengths) of a (pieces, documents) count matrix."""
    entries = counts.tocoo()
    containing = np.bincount(entries.row, minlength=counts.shape[0])
    lengths = np.bincount(entries.col, weights=entries.data, minlength=counts.shape[1])
    idf = np.log1p((counts.shape[1] - containing + 0.5) / (containing + 0.5))
    norm = 0.9 * (0.6 + 0.4 * lengths / lengths.mean())
    values = idf[entries.row] * entries.data / (entries.data + norm[entries.col])
    return sparse.csr_matrix((values, (entries.row, entries.col)), shape=counts.shape)


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
    return torch.from_numpy(vectors / vectors.std() * std).float()
