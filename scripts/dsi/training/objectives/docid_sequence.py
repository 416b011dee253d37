"""The objective of the task `docid` where identifiers have several tokens: text → those of one document.

A decoder that writes identifiers has no distribution over documents to compare with the teacher's: it would
have to be told every prefix. So each text is encoded once, and the decoder follows the identifiers of a few
documents drawn from the text's target distribution. At each prefix it is trained on the distribution of the
next token given that prefix, summed exactly over all documents beneath. The expectation of the loss is the
cross-entropy with the distribution over documents, as it is with the drawn tokens alone for targets, and the
gradient has less noise (Rao-Blackwell): none at the first token, which every text is trained on.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.trie import PADDING, Indices, Trie, alphabet, build_trie, children
from dsi.model.scoring import IGNORED, identifier_logits, identifier_losses, pad_labels
from dsi.ranking.scores import measures_of_ranking
from dsi.ranking.trie_search import TrieRanker
from dsi.training.objective import VALIDATION_LOSS
from dsi.training.objectives.cumulated import SparseSums
from dsi.training.objectives.examples import (
    DENSE,
    VALIDATION_MEASURES,
    DrawnBatch,
    Examples,
    Query,
    blocks,
)

VALIDATION_DEPTH = 1000  # documents ranked lower count as not found: exact to the end would cost a whole walk
VALIDATION_QUERIES = 32
DRAWN = 4  # documents drawn for each example, whose prefixes it is trained on


class SequenceBatch(NamedTuple):
    """Texts, identifiers that the decoder follows, and the distribution of the next token at each prefix.

    input_ids, attention_mask: (B, L) int64. labels: (B, DRAWN, T) int64, IGNORED behind the ends. places:
    (E,) int64, where logits (B · DRAWN, T, A) have a target, flattened; shares: (E,) float32, the targets,
    which sum to 1 at each prefix.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor
    places: torch.Tensor
    shares: torch.Tensor


class NextTokens(NamedTuple):
    """What may follow prefixes, and how probable each is: E entries.

    sequence: of the identifiers followed, counted from 0; depth: of the prefix; token; share: the token's
    probability given the prefix.
    """

    sequence: Indices
    depth: Indices
    token: Indices
    share: npt.NDArray[np.float64]


# The rows that are followed, and what may follow their prefixes.
_Part = tuple[Indices, NextTokens]
Before = Callable[[Indices, Indices], npt.NDArray[np.float64]]


class SequenceObjective:
    """Cross-entropy over the tokens that follow prefixes of identifiers.

    Args:
        examples: of N documents.
        validation: queries measured after every epoch, each with a relevant document; there may be none.
        docids: N names, whose order breaks ties.
        identifiers: N token sequences, none a prefix of another.
        prefixes_at_a_time: prefixes that are decoded together in validation; bounds the memory.
    """

    measures: tuple[str, ...] = VALIDATION_MEASURES

    def __init__(
        self,
        examples: Examples,
        validation: Sequence[Query],
        docids: Sequence[str],
        identifiers: Sequence[Sequence[int]],
        prefixes_at_a_time: int,
    ) -> None:
        self.examples = examples.count
        self._drawn = examples
        self.validated = bool(validation)
        self._validation = validation
        self._inputs = examples.encode([query.text for query in validation]) if validation else None
        self._docids = docids
        self._identifiers = identifiers
        self._prefixes_at_a_time = prefixes_at_a_time
        self._trie = build_trie(identifiers)
        self._alphabet = alphabet(identifiers)  # (A,), for batches, which are made beside the device
        self._tokens = torch.from_numpy(self._alphabet)  # the same where the model is

    def __len__(self) -> int:
        """Batches in one epoch."""
        return len(self._drawn)

    def batches(self, epoch: int) -> Iterator[SequenceBatch]:
        """The batches of an epoch, which (seed, epoch) determine."""
        rng = self._drawn.generator(epoch)
        for drawn in self._drawn.batches(rng):
            yield self._batch(drawn, rng)

    def loss(self, model: T5ForConditionalGeneration, batch: SequenceBatch) -> torch.Tensor:
        """Mean over identifiers of the sum of the cross-entropies at their prefixes."""
        # Once: at each step the device would be waited for.
        self._tokens = self._tokens.to(model.device)
        logits = identifier_logits(
            model, batch.input_ids, batch.attention_mask, batch.labels, self._tokens
        )  # (B · DRAWN, T, A)
        logs = torch.log_softmax(logits, dim=2).flatten()[batch.places]
        return -(batch.shares * logs).sum() / len(logits)

    def share(self, batch: SequenceBatch, rows: slice) -> tuple[SequenceBatch, float]:
        """Some rows of a batch, and their part of its loss."""
        number = torch.full((len(batch.labels),), -1)  # of each row in the share
        kept = torch.arange(len(batch.labels))[rows]
        number[kept] = torch.arange(len(kept))
        cells = batch.labels[0].numel() * len(self._tokens)  # logits of a row
        of_share = number[batch.places // cells]
        there = of_share >= 0
        share = SequenceBatch(
            batch.input_ids[rows],
            batch.attention_mask[rows],
            batch.labels[rows],
            (of_share * cells + batch.places % cells)[there],
            batch.shares[there],
        )
        return share, len(kept) / len(batch.labels)

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Loss and measures of the validation queries, ranked exactly to depth 1000."""
        if self._inputs is None:
            return {}
        input_ids, mask = self._inputs
        ranker = TrieRanker(model, self._trie, self._docids, self._prefixes_at_a_time)
        ranked = [
            ranker.top(
                input_ids[first : first + VALIDATION_QUERIES],
                mask[first : first + VALIDATION_QUERIES],
                VALIDATION_DEPTH,
            ).documents
            for first in range(0, len(input_ids), VALIDATION_QUERIES)
        ]
        losses = [
            self._query_loss(model, ids[: int(length)], query.relevant)
            for ids, length, query in zip(input_ids, mask.sum(dim=1), self._validation, strict=True)
        ]
        measures = measures_of_ranking(np.concatenate(ranked), [query.relevant for query in self._validation])
        return {
            VALIDATION_LOSS: float(np.mean(losses)),
            **{f"validation_{name}": value for name, value in measures.items()},
        }

    def _query_loss(
        self, model: T5ForConditionalGeneration, ids: torch.Tensor, relevant: Sequence[int]
    ) -> float:
        """Minus the mean log-probability of some documents, given a query of (L,) tokens."""
        labels = pad_labels([self._identifiers[document] for document in relevant])[None].to(model.device)
        input_ids = ids[None].to(model.device)
        tokens = self._tokens.to(model.device)
        return identifier_losses(model, input_ids, torch.ones_like(input_ids), labels, tokens).mean().item()

    def _batch(self, drawn: DrawnBatch, rng: random.Random) -> SequenceBatch:
        """DRAWN documents for each of B examples, and what may follow each prefix of their identifiers."""
        make = self._sparse_parts if self._drawn.documents > DENSE else self._parts
        followed, parts = zip(*make(drawn, rng), strict=True)
        labels = self._labels(np.concatenate(followed))
        sequence, depth, token, share = (np.concatenate(column) for column in zip(*parts, strict=True))
        places = (sequence * labels.shape[1] + depth) * len(self._tokens)
        places += np.searchsorted(self._alphabet, token)
        order = places.argsort()  # whatever the blocks
        return SequenceBatch(
            drawn.input_ids,
            drawn.attention_mask,
            labels.view(len(drawn.examples), DRAWN, -1),
            torch.from_numpy(places[order]),
            torch.from_numpy(share[order].astype(np.float32)),
        )

    def _parts(self, drawn: DrawnBatch, rng: random.Random) -> Iterator[_Part]:
        """Of so many examples at a time as `blocks` allows, with the target of every document."""
        for rows in blocks(len(drawn.examples), self._drawn.documents):
            # In the trie's order, where the documents beneath a prefix are a range.
            targets = self._drawn.targets(drawn.examples[rows])[:, self._trie.documents]
            sums = np.zeros((len(targets), targets.shape[1] + 1))
            np.cumsum(targets, axis=1, dtype=np.float64, out=sums[:, 1:])
            leaves = np.array([draw_columns(row, DRAWN, rng) for row in sums])
            found = next_tokens(self._trie, partial(_before, sums), leaves)
            yield leaves.ravel(), found._replace(sequence=found.sequence + DRAWN * rows.start)

    def _sparse_parts(self, drawn: DrawnBatch, rng: random.Random) -> Iterator[_Part]:
        """Of all examples at once, with sparse targets."""
        sums = SparseSums(self._drawn.sparse_targets(drawn.examples), self._trie.documents.argsort())
        leaves = np.array([sums.draw(text, DRAWN, rng) for text in range(len(drawn.examples))])
        yield leaves.ravel(), next_tokens(self._trie, sums.before, leaves)

    def _labels(self, leaves: Indices) -> torch.Tensor:
        """The identifiers of rows of the trie, padded to the longest of them, (len(leaves), T)."""
        identifiers = self._trie.identifiers[leaves].astype(np.int64)
        longest = (identifiers != PADDING).sum(axis=1).max()
        identifiers[identifiers == PADDING] = IGNORED
        return torch.from_numpy(identifiers[:, :longest].copy())


def _before(sums: npt.NDArray[np.float64], text: Indices, row: Indices) -> npt.NDArray[np.float64]:
    """What cumulated targets (B, N + 1) add up to before rows."""
    found: npt.NDArray[np.float64] = sums[text, row]
    return found


def next_tokens(trie: Trie, before: Before, leaves: Indices) -> NextTokens:
    """The distribution of the next token at each prefix of some identifiers, given the prefix.

    Args:
        trie: of N identifiers.
        before: what the targets of a text add up to over the trie's rows before a row, of many pairs of them.
        leaves: (B, M) rows of the trie, none of probability 0 in its distribution.
    """
    drawn, parts = leaves.ravel(), []
    for depth, (level, below) in enumerate(pairwise(trie.levels)):
        going = np.flatnonzero(trie.identifiers[drawn, depth] != PADDING)
        node = np.searchsorted(level.low, drawn[going], side="right") - 1
        after, source = children(level, node)
        example = going[source] // leaves.shape[1]
        mass = before(example, below.high[after]) - before(example, below.low[after])
        share = mass / np.bincount(source, mass, minlength=len(node))[source]
        token = below.token[after].astype(np.int64)
        parts.append(NextTokens(going[source], np.full(len(source), depth), token, share))
    return NextTokens(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def draw_columns(sums: npt.NDArray[np.float64], count: int, rng: random.Random) -> list[int]:
    """Columns drawn independently with their probabilities.

    Args:
        sums: (N + 1,) the probabilities cumulated, from 0 to about 1.
    """
    wanted = np.array([rng.random() for _ in range(count)]) * sums[-1]
    # The first sum above what is wanted: a column of probability 0 is never drawn. A product that was rounded
    # up to the whole sum finds none, and takes the last column that has a probability.
    last = np.searchsorted(sums[1:], sums[-1])
    columns: list[int] = np.minimum(np.searchsorted(sums[1:], wanted, side="right"), last).tolist()
    return columns
