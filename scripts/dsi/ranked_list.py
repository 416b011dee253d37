"""The task `ranked-list`: query → "id1 id2 … idK" as text, the study's own, trained on queries only.

Targets are BM25's first K docids joined by spaces, inputs a prompt and the query, both through one text
tokenizer. The longest targets of the data set bound what is generated and how far labels are padded.
Source: the study's notebook, restated in docs/study.md. Does not know optimisers or where files lie.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.model import IGNORED, pad_batch
from dsi.published import study_measures
from dsi.tokenizer import EOS_ID, PAD_ID
from dsi.training import VALIDATION_LOSS, bucketed

PROMPT = "retrieve documents for: "
# Of the study's measures, what a history holds. The loss stands there as it is trained.
TRACKED = ("MAP-published", "R@1000-published", "MAP-defined")

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
    """How lists are generated: to how many tokens, and which tokens may follow (None: all)."""

    tokenizer: Tokenizer
    lengths: Lengths
    allowed: AllowedTokens | None


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


class ListObjective:
    """Cross-entropy on the lists of the training queries.

    Args:
        training: examples that have a target.
        validation, test: measured after every epoch; either may be empty.
        topk: qid, rank, docid of those queries.
        k: docids in a target.
        batch_size: rows of a batch.
        published_batch: queries over which the study averages before averaging batches.
        count_padding: pad labels to the longest target of the data set and count padding in the loss,
            as the study did; else pad to the longest of the batch and mask it.
    """

    def __init__(
        self,
        training: Sequence[Example],
        validation: Sequence[Example],
        test: Sequence[Example],
        generation: Generation,
        topk: pd.DataFrame,
        *,
        k: int,
        batch_size: int,
        published_batch: int,
        count_padding: bool,
        seed: int,
    ) -> None:
        self._training = training
        self._evaluated = {"validation": validation, "test": test}
        # Tokens beyond the longest target are not generated after every epoch: they change no MAP.
        short = generation.lengths._replace(full_list=generation.lengths.k_list)
        self._generation = generation._replace(lengths=short)
        evaluated = {example.qid for examples in (validation, test) for example in examples}
        self._topk = topk[topk["qid"].isin(evaluated)]
        self._k = k
        self._batch_size = batch_size
        self._published_batch = published_batch
        self._count_padding = count_padding
        self._seed = seed
        self.examples = len(training)
        self.measures = tuple(
            f"{split}_{name}"
            for split, examples in self._evaluated.items()
            if examples
            for name in ("loss", *TRACKED)
        ) or (VALIDATION_LOSS,)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return math.ceil(self.examples / self._batch_size)

    def batches(self, epoch: int) -> Iterator[ListBatch]:
        """The batches of an epoch, which (seed, epoch) determine."""
        rng = random.Random(f"{self._seed}/{epoch}")
        order = list(range(self.examples))
        rng.shuffle(order)
        examples = [self._training[row] for row in order]
        for rows in bucketed([self._length(example) for example in examples], self._batch_size, rng):
            chosen = [examples[row] for row in rows]
            input_ids, mask = pad_batch([example.input_ids for example in chosen])
            yield ListBatch(input_ids, mask, self._labels(chosen))

    def loss(self, model: T5ForConditionalGeneration, batch: ListBatch) -> torch.Tensor:
        """Cross-entropy, a mean over label positions."""
        # T5's vocabulary makes the head the dearest part of a step: masked positions are spared it.
        counted = batch.labels != IGNORED
        logits = _head(model, _decoded(model, batch)[counted])
        return cross_entropy(logits.float(), batch.labels[counted])

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Loss as trained and the study's measures, of the splits that have queries."""
        measures = {}
        for split, examples in self._evaluated.items():
            if not examples:
                continue
            outputs = list_outputs(model, examples, self._generation)
            column = "padded_loss" if self._count_padding else "loss"
            measures[f"{split}_loss"] = float(outputs[column].mean())
            study = study_measures(outputs, self._topk, self._k, self._published_batch)
            measures |= {f"{split}_{name}": study[name] for name in TRACKED}
        return measures

    def _length(self, example: Example) -> int:
        """What batches are sorted by: tokens that are padded to the batch's longest."""
        return len(example.input_ids) + (0 if self._count_padding else len(example.label_ids))

    def _labels(self, examples: Sequence[Example]) -> torch.Tensor:
        if self._count_padding:
            return _padded([example.label_ids for example in examples], self._generation.lengths.k_list)
        longest = max(len(example.label_ids) for example in examples)
        labels = _padded([example.label_ids for example in examples], longest)
        return labels.masked_fill(labels == PAD_ID, IGNORED)


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
        text, cut at the longest target's tokens; full_list: the same to the longest list to depth 1000.
    """
    model.eval()
    losses, padded, generated = [], [], []
    for first in range(0, len(examples), batch_size):
        chosen = examples[first : first + batch_size]
        input_ids, mask = pad_batch([example.input_ids for example in chosen])
        labels = _padded([example.label_ids for example in chosen], generation.lengths.k_list)
        batch = ListBatch(*(tensor.to(model.device) for tensor in (input_ids, mask, labels)))
        logits = _head(model, _decoded(model, batch)).float().flatten(0, 1)
        nats = cross_entropy(logits, batch.labels.flatten(), reduction="none").view(labels.shape)
        tokens = torch.tensor([len(example.label_ids) for example in chosen], device=model.device)
        real = torch.arange(labels.shape[1], device=model.device) < tokens[:, None]
        losses += ((nats * real).sum(dim=1) / tokens).tolist()
        padded += nats.mean(dim=1).tolist()
        generated += generate_tokens(
            model, batch.input_ids, batch.attention_mask, generation.lengths.full_list, generation.allowed
        )
    found = np.array([example.found for example in examples], dtype=bool)
    decode = generation.tokenizer.decode
    return pd.DataFrame(
        {
            "qid": [example.qid for example in examples],
            "loss": np.where(found, losses, np.nan),
            "padded_loss": padded,
            "k_list": [decode(tokens[: generation.lengths.k_list]) for tokens in generated],
            "full_list": [decode(tokens) for tokens in generated],
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

    An id keeps its first place when it repeats. Ids that do not exist keep theirs, too, for they cost
    the documents below a rank; they are marked and percent-encoded, as they may hold any character.
    """
    rows = [
        (qid, rank, word if word in docids else f"nonexistent:{quote(word, safe='')}", float(-rank))
        for qid, text in zip(outputs["qid"], outputs["full_list"], strict=True)
        for rank, word in enumerate(list(dict.fromkeys(text.split()))[:depth], start=1)
    ]
    return pd.DataFrame(rows, columns=["qid", "rank", "docid", "score"])


class ListConstraint:
    """Which tokens may come next in a list of K existing docids, none of them twice.

    Docids' tokens stand in a sorted matrix, in which what continues a prefix is a range of rows. The
    first piece of a docid starts with the space before it, so another docid may start wherever one is
    complete, even if a longer one goes on from there.

    Args:
        docids: every docid; those that the tokenizer cannot tell apart count as one.
        limit: K.
    """

    def __init__(self, docids: Sequence[str], tokenizer: Tokenizer, limit: int) -> None:
        encoded = tokenizer.encode_batch(list(docids), add_special_tokens=False)
        width = max(len(entry.ids) for entry in encoded) + 1
        matrix = np.full((len(encoded), width), -1, dtype=np.int32)
        for row, entry in enumerate(encoded):
            matrix[row, : len(entry.ids)] = entry.ids
        self._matrix = np.unique(matrix, axis=0)  # sorted; the end, -1, before every token
        self._first_pieces = np.unique(self._matrix[:, 0], return_index=True)
        self._limit = min(limit, len(self._matrix))
        self._states: dict[tuple[int, ...], _Place] = {}

    def __call__(self, _: int, generated: torch.Tensor) -> list[int]:
        """The tokens allowed after what is generated so far, whose first token is the start's."""
        prefix = tuple(generated[1:].tolist())
        if EOS_ID in prefix:
            return [PAD_ID]
        return self._tokens(self._place(prefix))

    def _place(self, prefix: tuple[int, ...]) -> "_Place":
        if not prefix:
            return _Place(0, len(self._matrix), 0, frozenset())
        known = self._states.get(prefix)
        if known is None:
            known = self._states[prefix] = self._advance(self._place(prefix[:-1]), prefix[-1])
        return known

    def _advance(self, place: "_Place", token: int) -> "_Place":
        low, high = self._range(place, token)
        if low < high:
            return _Place(low, high, place.depth + 1, place.used)
        # The docid is complete and the token starts the next one.
        used = place.used | {place.low}
        low, high = self._range(_Place(0, len(self._matrix), 0, used), token)
        return _Place(low, high, 1, used)

    def _range(self, place: "_Place", token: int) -> tuple[int, int]:
        column = self._matrix[place.low : place.high, place.depth]
        low, high = np.searchsorted(column, [token, token + 1])
        return place.low + int(low), place.low + int(high)

    def _tokens(self, place: "_Place") -> list[int]:
        tokens = self._open(place)
        complete = place.depth > 0 and self._matrix[place.low, place.depth] == -1
        if complete and place.low not in place.used:
            used = place.used | {place.low}
            if len(used) == self._limit:
                tokens.append(EOS_ID)
            else:
                tokens += self._open(_Place(0, len(self._matrix), 0, used))
        return tokens

    def _open(self, place: "_Place") -> list[int]:
        """Tokens after which a docid not yet used is still to be reached."""
        if place.depth == 0:  # of millions of docids, once is enough
            tokens, starts = self._first_pieces
        else:
            column = self._matrix[place.low : place.high, place.depth]
            tokens, starts = np.unique(column, return_index=True)
        ends = np.append(starts[1:], place.high - place.low)
        used = np.array(sorted(place.used), dtype=np.int64) - place.low
        taken = np.searchsorted(used, ends) - np.searchsorted(used, starts)
        return [int(token) for token in tokens[(ends - starts > taken) & (tokens >= 0)]]


class _Place(NamedTuple):
    """The rows that continue what is generated since the last complete docid, and what is used up."""

    low: int
    high: int
    depth: int
    used: frozenset[int]


def _decoded(model: T5ForConditionalGeneration, batch: ListBatch) -> torch.Tensor:
    """(B, T, d): the decoder's state at each label, which is told the labels before it."""
    labels = batch.labels.masked_fill(batch.labels == IGNORED, PAD_ID)
    start = torch.full_like(labels[:, :1], model.config.decoder_start_token_id)
    encoded = model.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)[0]
    decoded: torch.Tensor = model.decoder(
        input_ids=torch.cat([start, labels[:, :-1]], dim=1),
        encoder_hidden_states=encoded,
        encoder_attention_mask=batch.attention_mask,
        use_cache=False,
    )[0]
    return decoded


def _head(model: T5ForConditionalGeneration, states: torch.Tensor) -> torch.Tensor:
    """(…, V): the logits of decoder states (…, d), scaled as the model's own forward pass does."""
    if model.config.scale_decoder_outputs:
        states = states * model.config.d_model**-0.5
    logits: torch.Tensor = model.lm_head(states)
    return logits


def _padded(sequences: Sequence[Sequence[int]], length: int) -> torch.Tensor:
    labels = torch.full((len(sequences), length), PAD_ID, dtype=torch.int64)
    for row, sequence in enumerate(sequences):
        labels[row, : len(sequence)] = torch.tensor(sequence)
    return labels
