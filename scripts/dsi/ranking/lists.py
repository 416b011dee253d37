"""Ranked lists as text: query → "id1 id2 … idK", the published study's own task, trained on queries only.

Targets are BM25's first K docids joined by spaces, inputs a prompt and the query, both through one text
tokenizer. The longest targets of the data set bound what is generated and how far labels are padded.
Source: the published study's notebook.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.tokenizer import EOS_ID, PAD_ID
from dsi.model.scoring import IGNORED, attended, pad_batch
from dsi.ranking.list_names import ListNames

PROMPT = "retrieve documents for: "

# Row of the batch and what is generated so far → the tokens that may follow.
AllowedTokens = Callable[[int, torch.Tensor], list[int]]


class Example(NamedTuple):
    """A query as the model sees it.

    input_ids: prompt and query; label_ids: the K docids and the end of the sequence, or the end alone
    where BM25 found nothing (found is False then).
    """

    qid: str
    input_ids: list[int]
    label_ids: list[int]
    found: bool


class ListBatch(NamedTuple):
    """input_ids, attention_mask: (B, L) int64; labels: (B, T) int64."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor


class Lengths(NamedTuple):
    """Tokens, the end included, of the longest list of K docids and of the longest to depth 1000."""

    k_list: int
    full_list: int


class Generation(NamedTuple):
    """How lists are generated: to how many tokens, which may follow (None: all), and what they name."""

    tokenizer: Tokenizer
    lengths: Lengths
    allowed: AllowedTokens | None
    names: ListNames


def make_examples(
    queries: pd.DataFrame, topk: pd.DataFrame, k: int, inputs: Tokenizer, targets: Tokenizer
) -> list[Example]:
    """The examples of queries, in their order.

    Args:
        queries: qid, text.
        topk: qid, rank, docid.
        inputs, targets: the tokenizer, cutting inputs and never targets.
    """
    wanted_rows = topk[(topk["rank"] <= k) & topk["qid"].isin(queries["qid"])]
    lists = wanted_rows.sort_values("rank").groupby("qid")["docid"].agg(" ".join).to_dict()
    wanted = [lists.get(qid, "") for qid in queries["qid"]]
    encoded = inputs.encode_batch([PROMPT + text for text in queries["text"]])
    labels = targets.encode_batch(wanted)
    return [
        Example(qid, entry.ids, label.ids, found=bool(target))
        for qid, entry, label, target in zip(queries["qid"], encoded, labels, wanted, strict=True)
    ]


def list_lengths(topk: pd.DataFrame, k: int, tokenizer: Tokenizer) -> Lengths:
    """Token counts of the longest lists.

    Pieces never span white space, so a list has as many tokens as its docids have one by one.

    Args:
        topk: qid, rank, docid of every query of the data set.
    """
    codes, docids = pd.factorize(topk["docid"])
    encoded = tokenizer.encode_batch(list(docids), add_special_tokens=False)
    sizes = np.array([len(entry.ids) for entry in encoded])
    rows = pd.DataFrame({"qid": pd.factorize(topk["qid"])[0], "tokens": sizes[codes]})
    ranks = topk["rank"].to_numpy()
    longest = [int(rows[ranks <= depth].groupby("qid")["tokens"].sum().max()) + 1 for depth in (k, 1000)]
    return Lengths(*longest)


@torch.inference_mode()
def list_outputs(
    model: T5ForConditionalGeneration,
    examples: Sequence[Example],
    generation: Generation,
    batch_size: int = 64,
) -> pd.DataFrame:
    """What the model makes of each query, in the examples' order.

    Returns:
        qid; loss: nats per token of the target (NaN where BM25 found nothing); padded_loss: nats per
        position with labels padded to the longest target and padding counted; k_list: the generated
        text, cut at the longest target's tokens, docids spelled as in the collection; full_list: the same to
        the longest list to depth 1000.
    """
    model.eval()
    losses, padded, generated = [], [], []
    for first in range(0, len(examples), batch_size):
        chosen = examples[first : first + batch_size]
        batch = _batch(chosen, generation.lengths.k_list, model.device)
        tokens = torch.tensor([len(example.label_ids) for example in chosen], device=model.device)
        nats = _nats(model, batch)
        real = torch.arange(nats.shape[1], device=model.device) < tokens[:, None]
        losses += ((nats * real).sum(dim=1) / tokens).tolist()
        padded += nats.mean(dim=1).tolist()
        generated += generate_tokens(
            model, batch.input_ids, batch.attention_mask, generation.lengths.full_list, generation.allowed
        )
    found = np.array([example.found for example in examples], dtype=bool)
    text = generation.names.text
    return pd.DataFrame(
        {
            "qid": [example.qid for example in examples],
            "loss": np.where(found, losses, np.nan),
            "padded_loss": padded,
            "k_list": [text(tokens[: generation.lengths.k_list]) for tokens in generated],
            "full_list": [text(tokens) for tokens in generated],
        }
    )


def generate_tokens(
    model: T5ForConditionalGeneration,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    limit: int,
    allowed: AllowedTokens | None,
) -> list[list[int]]:
    """Greedy generation of at most `limit` tokens a row, without start and end tokens."""
    generated = model.generate(
        input_ids=input_ids,
        attention_mask=attention_mask,
        max_new_tokens=limit,
        do_sample=False,
        num_beams=1,
        prefix_allowed_tokens_fn=allowed,
    )
    rows: list[list[int]] = generated[:, 1:].tolist()
    return [row[: row.index(EOS_ID)] if EOS_ID in row else row for row in rows]


def list_run(outputs: pd.DataFrame, docids: set[str], depth: int) -> pd.DataFrame:
    """The generated lists as a run: qid, rank, docid, score (minus the rank).

    An id that repeats counts at its first place. Ids that do not exist keep their places, so that the
    documents below lose a rank; they are marked and percent-encoded, as they may hold any character.

    Args:
        outputs: qid, full_list.
        docids: those that exist.
    """
    rows = [
        (qid, rank, word if word in docids else f"nonexistent:{quote(word, safe='')}", float(-rank))
        for qid, text in zip(outputs["qid"], outputs["full_list"], strict=True)
        for rank, word in enumerate(list(dict.fromkeys(text.split()))[:depth], start=1)
    ]
    return pd.DataFrame(rows, columns=["qid", "rank", "docid", "score"])


def decoder_states(model: T5ForConditionalGeneration, batch: ListBatch) -> torch.Tensor:
    """(B, T, d): the decoder's state at each label, given the labels before it."""
    labels = batch.labels.masked_fill(batch.labels == IGNORED, PAD_ID)
    start = torch.full_like(labels[:, :1], model.config.decoder_start_token_id)
    mask = attended(batch.attention_mask, batch.input_ids.shape[1])
    encoded = model.encoder(input_ids=batch.input_ids, attention_mask=mask)[0]
    decoded: torch.Tensor = model.decoder(
        input_ids=torch.cat([start, labels[:, :-1]], dim=1),
        encoder_hidden_states=encoded,
        encoder_attention_mask=attended(batch.attention_mask, labels.shape[1]),
        use_cache=False,
    )[0]
    return decoded


def head_logits(model: T5ForConditionalGeneration, states: torch.Tensor) -> torch.Tensor:
    """(…, V): the logits of decoder states (…, d), scaled as the model's own forward pass does."""
    if model.config.scale_decoder_outputs:
        states = states * model.config.d_model**-0.5
    logits: torch.Tensor = model.lm_head(states)
    return logits


def padded_to(sequences: Sequence[Sequence[int]], length: int) -> torch.Tensor:
    """(len(sequences), length) int64, padded on the right."""
    labels = torch.full((len(sequences), length), PAD_ID, dtype=torch.int64)
    for row, sequence in enumerate(sequences):
        labels[row, : len(sequence)] = torch.tensor(sequence)
    return labels


def _batch(examples: Sequence[Example], length: int, device: torch.device) -> ListBatch:
    """Examples with their labels padded to a length."""
    input_ids, mask = pad_batch([example.input_ids for example in examples])
    labels = padded_to([example.label_ids for example in examples], length)
    return ListBatch(*(tensor.to(device) for tensor in (input_ids, mask, labels)))


def _nats(model: T5ForConditionalGeneration, batch: ListBatch) -> torch.Tensor:
    """(B, T) float32: -log P of each label by teacher forcing."""
    logits = head_logits(model, decoder_states(model, batch)).float().flatten(0, 1)
    nats = cross_entropy(logits, batch.labels.flatten(), reduction="none")
    return nats.view(batch.labels.shape)
