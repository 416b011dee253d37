"""The task `docid` where an identifier has several tokens: text → the tokens of one document, one by one.

As dsi.training.objectives.docid, from which examples and teacher come, but a decoder that writes identifiers has no
distribution over documents to compare with the teacher's. Each example is encoded once and trained on a few
documents drawn from its target distribution instead: the expectation of the loss is the cross-entropy with
that distribution.
Does not know optimisers or where files lie.
"""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.trie import alphabet, build_trie
from dsi.model.scoring import identifier_losses, pad_batch, pad_labels
from dsi.ranking.scores import measures_of_ranking
from dsi.ranking.trie_search import TrieRanker
from dsi.training.objective import VALIDATION_LOSS
from dsi.training.objectives.docid import Batch, DocidObjective, Query

VALIDATION_DEPTH = 1000  # documents ranked lower count as not found: exact to the end would cost a whole walk
VALIDATION_QUERIES = 32
DRAWN = 4  # documents drawn for each example; one makes the teacher's share of the loss mostly noise


class SequenceObjective(DocidObjective):
    """Indexing and retrieval jointly, teacher-forced: cross-entropy over the identifier's tokens.

    Args:
        docids: N names, whose order breaks ties.
        identifiers: N token sequences, none a prefix of another.
        expanded: prefixes that go through the decoder at a time in validation; bounds the memory.
        others: as of DocidObjective.
    """

    def __init__(
        self,
        *others: Any,
        docids: Sequence[str],
        identifiers: Sequence[Sequence[int]],
        expanded: int,
        **settings: Any,
    ) -> None:
        self._docids = docids
        self._identifiers = identifiers
        self._expanded = expanded
        self._trie = build_trie(identifiers)
        self._tokens = torch.from_numpy(alphabet(identifiers))
        self._relevant: list[tuple[int, ...]] = []
        super().__init__(*others, documents=len(identifiers), **settings)

    def loss(self, model: T5ForConditionalGeneration, batch: Batch) -> torch.Tensor:
        """Mean of -log P(identifier | text)."""
        return identifier_losses(model, *batch, self._tokens.to(model.device)).mean()

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Loss and measures of the validation queries, ranked exactly to depth 1000."""
        if self._validation is None:
            return {}
        input_ids, mask, _ = self._validation
        ranker = TrieRanker(model, self._trie, self._docids, self._expanded)
        ranked = [
            ranker.top(
                input_ids[first : first + VALIDATION_QUERIES],
                mask[first : first + VALIDATION_QUERIES],
                VALIDATION_DEPTH,
            ).documents
            for first in range(0, len(input_ids), VALIDATION_QUERIES)
        ]
        losses = [self._query_loss(model, row) for row in range(len(input_ids))]
        measures = measures_of_ranking(np.concatenate(ranked), self._relevant)
        return {
            VALIDATION_LOSS: float(np.mean(losses)),
            **{f"validation_{name}": value for name, value in measures.items()},
        }

    def _query_loss(self, model: T5ForConditionalGeneration, row: int) -> float:
        """Minus the mean log-probability of a validation query's relevant documents."""
        assert self._validation is not None
        labels = pad_labels([self._identifiers[document] for document in self._relevant[row]])
        length = int(self._validation.attention_mask[row].sum())
        input_ids = self._validation.input_ids[row : row + 1, :length].to(model.device)
        tokens = self._tokens.to(model.device)
        labels = labels[None].to(model.device)
        return identifier_losses(model, input_ids, torch.ones_like(input_ids), labels, tokens).mean().item()

    def _encoded_queries(self, queries: Sequence[Query]) -> Batch:
        self._relevant = [query.relevant for query in queries]
        encoded = self._tokenizer.encode_batch([query.text for query in queries])
        return Batch(*pad_batch([entry.ids for entry in encoded]), torch.empty(0))

    def _aims(self, targets: npt.NDArray[np.float32], rng: random.Random) -> torch.Tensor:
        """The identifiers of DRAWN documents for each target distribution (B, N), as labels (B, DRAWN, T)."""
        drawn = draw_columns(np.repeat(targets, DRAWN, axis=0), rng)
        labels = pad_labels([self._identifiers[document] for document in drawn])
        return labels.view(len(targets), DRAWN, -1)


def draw_columns(targets: npt.NDArray[np.float32], rng: random.Random) -> list[int]:
    """One column of each row, drawn with the row's probabilities (which sum to about 1)."""
    sums = np.cumsum(targets, axis=1, dtype=np.float64)
    wanted = np.array([rng.random() for _ in targets]) * sums[:, -1]
    # The first sum above what is wanted: a column of probability 0 is never drawn.
    columns: list[int] = (sums > wanted[:, None]).argmax(axis=1).tolist()
    return columns
