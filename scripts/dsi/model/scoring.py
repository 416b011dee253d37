"""Scores of documents by a docid model: logits, log-probabilities and losses of identifiers."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.process import compute_device
from dsi.docids.tokenizer import PAD_ID
from dsi.docids.trie import alphabet
from dsi.model.checkpoint import Checkpoint

IGNORED = -100  # a label behind the end of an identifier; torch's cross-entropy skips it
QUERIES = 256  # scored together, at most
SCORES = 2**26  # of all documents for the queries that are scored together, at most


def attended(attention_mask: torch.Tensor, queries: int) -> torch.Tensor:
    """A padding mask (B, L) as T5's stacks take it; on a GPU (B, 1, queries, L).

    Given the former, transformers looks whether anything is padded, which waits for the GPU at every pass.
    On a CPU looking costs nothing, and without padding sums keep their order.

    Args:
        queries: positions that attend to the L.
    """
    if attention_mask.device.type == "cpu":
        return attention_mask
    return attention_mask.bool()[:, None, None, :].expand(-1, 1, queries, -1)


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
    states = docid_states(model, input_ids, attention_mask)
    logits: torch.Tensor = states @ docid_head(model, documents).T
    return logits.float()


def docid_states(
    model: T5ForConditionalGeneration, input_ids: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """The decoder's output at its first step, (B, d); arguments as of `docid_logits`."""
    mask = attended(attention_mask, input_ids.shape[1])
    encoded = model.encoder(input_ids=input_ids, attention_mask=mask)[0]  # (B, L, d)
    start = torch.full_like(input_ids[:, :1], model.config.decoder_start_token_id)
    states: torch.Tensor = model.decoder(
        input_ids=start,
        encoder_hidden_states=encoded,
        encoder_attention_mask=attended(attention_mask, 1),
        use_cache=False,
    )[0][:, 0]
    return states


def docid_head(model: T5ForConditionalGeneration, documents: int) -> torch.Tensor:
    """The rows of the output head that score documents, (N, d): no text piece gets a logit."""
    head: torch.Tensor = model.lm_head.weight[-documents:]
    return head


def identifier_logits(
    model: T5ForConditionalGeneration,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    labels: torch.Tensor,
    tokens: torch.Tensor,
) -> torch.Tensor:
    """Logits of the tokens of M identifiers for each query, each told the tokens before it.

    Args:
        input_ids, attention_mask: (B, L) int64, padded on the right.
        labels: (B, M, T) int64, M identifiers for each query, IGNORED behind their ends.
        tokens: (A,) int64, all tokens that occur in identifiers, ascending.

    Returns:
        (B · M, T, A) float32; behind an identifier's end they mean nothing.
    """
    several, longest = labels.shape[1:]
    mask = attended(attention_mask, input_ids.shape[1])
    encoded = model.encoder(input_ids=input_ids, attention_mask=mask)[0]  # (B, L, d)
    labels = labels.flatten(0, 1)  # (B · M, T)
    start = torch.full_like(labels[:, :1], model.config.decoder_start_token_id)
    before = labels[:, :-1].masked_fill(labels[:, :-1] == IGNORED, PAD_ID)
    decoded = model.decoder(
        input_ids=torch.cat([start, before], dim=1),
        encoder_hidden_states=encoded.repeat_interleave(several, dim=0),
        encoder_attention_mask=attended(attention_mask.repeat_interleave(several, dim=0), longest),
        use_cache=False,
    )[0]  # (B · M, T, d)
    # The head is cut before the product, so that no other token gets a logit.
    logits: torch.Tensor = decoded @ model.lm_head.weight[tokens].T
    return logits.float()


def identifier_losses(
    model: T5ForConditionalGeneration,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    labels: torch.Tensor,
    tokens: torch.Tensor,
) -> torch.Tensor:
    """-log P(docid | query) of M identifiers for each query, by teacher forcing; (B, M) float32.

    P(token) is a softmax over `tokens`. Arguments as of `identifier_logits`.
    """
    logits = identifier_logits(model, input_ids, attention_mask, labels, tokens)
    several, longest = labels.shape[1:]
    labels = labels.flatten(0, 1)
    places = torch.searchsorted(tokens, labels.clamp(min=0)).masked_fill(labels == IGNORED, IGNORED)
    nats = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), places.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return nats.view(-1, several, longest).sum(dim=2)


def pad_labels(identifiers: Sequence[Sequence[int]]) -> torch.Tensor:
    """(B, longest) int64, IGNORED behind the ends."""
    longest = max(len(identifier) for identifier in identifiers)
    labels = torch.full((len(identifiers), longest), IGNORED)
    for row, identifier in enumerate(identifiers):
        labels[row, : len(identifier)] = torch.as_tensor(identifier)
    return labels


def pad_batch(
    sequences: Sequence[Sequence[int] | npt.NDArray[np.int32]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """(input_ids, attention_mask), both (B, longest) int64, padded on the right."""
    longest = max(len(sequence) for sequence in sequences)
    ids = np.full((len(sequences), longest), PAD_ID, dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
    input_ids = torch.from_numpy(ids)
    return input_ids, (input_ids != PAD_ID).long()


def queries_at_a_time(documents: int) -> int:
    """How many queries are scored together: 256, or so many that their scores take 256 MB."""
    return max(1, min(QUERIES, SCORES // documents))


@torch.inference_mode()
def score_batches(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    batch_size: int | None = None,
    device: torch.device | None = None,
) -> Iterator[torch.Tensor]:
    """log P(docid | query) of every document for the next queries, (B, N) float32, computed in fp32.

    Args:
        checkpoint: with atomic docids; its model is moved to the device, where the scores are.
        batch_size: B; None for `queries_at_a_time`.
        device: None for `compute_device`.
    """
    device = device or compute_device()
    model, documents = checkpoint.model.eval().to(device), len(checkpoint.docids)
    batch_size = batch_size or queries_at_a_time(documents)
    for first in range(0, len(texts), batch_size):
        encoded = checkpoint.tokenizer.encode_batch(list(texts[first : first + batch_size]))
        input_ids, mask = pad_batch([entry.ids for entry in encoded])
        logits = docid_logits(model, input_ids.to(device), mask.to(device), documents)
        yield torch.log_softmax(logits, dim=1)


def score_queries(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    batch_size: int | None = None,
    device: torch.device | None = None,
) -> npt.NDArray[np.float32]:
    """All of `score_batches` at once, (len(texts), N), in the processor's memory."""
    batches = score_batches(checkpoint, texts, batch_size, device)
    return np.concatenate([scores.cpu().numpy() for scores in batches])


@torch.inference_mode()
def score_pairs(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    documents: Sequence[int],
    batch_size: int = QUERIES,
    device: torch.device | None = None,
) -> npt.NDArray[np.float32]:
    """log P(docid | query) of one document for each text, (len(texts),) float32, computed in fp32.

    Args:
        checkpoint: with docids of several tokens; atomic ones are scored all at once (`score_queries`).
        documents: the number of each text's document.
        device: as of `score_batches`.
    """
    device = device or compute_device()
    model, identifiers = checkpoint.model.eval().to(device), checkpoint.identifiers
    assert identifiers is not None
    tokens = torch.from_numpy(alphabet(identifiers))
    scores = [np.empty(0, dtype=np.float32)]
    for first in range(0, len(texts), batch_size):
        encoded = checkpoint.tokenizer.encode_batch(list(texts[first : first + batch_size]))
        labels = pad_labels([identifiers[document] for document in documents[first : first + batch_size]])
        batch = (*pad_batch([entry.ids for entry in encoded]), labels[:, None], tokens)
        losses = identifier_losses(model, *(tensor.to(device) for tensor in batch))
        scores.append(-losses[:, 0].cpu().numpy())
    return np.concatenate(scores)
