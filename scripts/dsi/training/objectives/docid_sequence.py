"""The objective of the task `docid` where identifiers have several tokens: text → those of one document.

A decoder that writes identifiers has no distribution over documents to compare with the teacher's. So each
text is encoded once and trained on a few documents drawn from its target distribution: the expectation of the
loss is the cross-entropy with that distribution.
"""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.trie import alphabet, build_trie
from dsi.model.scoring import identifier_losses, pad_labels
from dsi.ranking.scores import measures_of_ranking
from dsi.ranking.trie_search import TrieRanker
from dsi.training.objective import VALIDATION_LOSS
from dsi.training.objectives.examples import VALIDATION_MEASURES, Batch, Examples, Query, blocks
from dsi.training.objectives.teacher import Example

VALIDATION_DEPTH = 1000  # documents ranked lower count as not found: exact to the end would cost a whole walk
VALIDATION_QUERIES = 32
DRAWN = 4  # documents drawn for each example; one makes the teacher's share of the loss mostly noise


class SequenceObjective:
    """Cross-entropy over the tokens of identifiers, each told the tokens before it.

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
        self._tokens = torch.from_numpy(alphabet(identifiers))

    def __len__(self) -> int:
        """Batches in one epoch."""
        return len(self._drawn)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, which (seed, epoch) determine."""
        rng = self._drawn.generator(epoch)
        for drawn in self._drawn.batches(rng):
            yield Batch(drawn.input_ids, drawn.attention_mask, self._labels(drawn.examples, rng))

    def loss(self, model: T5ForConditionalGeneration, batch: Batch) -> torch.Tensor:
        """Mean of -log P(identifier | text)."""
        # Once: at each step the device would be waited for.
        self._tokens = self._tokens.to(model.device)
        return identifier_losses(model, *batch, self._tokens).mean()

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

    def _labels(self, examples: Sequence[Example], rng: random.Random) -> torch.Tensor:
        """The identifiers of DRAWN documents for each of B examples, as labels (B, DRAWN, T)."""
        drawn = [
            document
            for rows in blocks(len(examples), self._drawn.documents)
            for target in self._drawn.targets(examples[rows])
            for document in draw_columns(target, DRAWN, rng)
        ]
        labels = pad_labels([self._identifiers[document] for document in drawn])
        return labels.view(len(examples), DRAWN, -1)


def draw_columns(target: npt.NDArray[np.float32], count: int, rng: random.Random) -> list[int]:
    """Columns drawn independently with their probabilities, (N,), which sum to about 1."""
    sums = np.cumsum(target, dtype=np.float64)
    wanted = np.array([rng.random() for _ in range(count)]) * sums[-1]
    # The first sum above what is wanted: a column of probability 0 is never drawn. A product that was rounded
    # up to the whole sum finds none, and takes the last column that has a probability.
    last = np.searchsorted(sums, sums[-1])
    columns: list[int] = np.minimum(np.searchsorted(sums, wanted, side="right"), last).tolist()
    return columns
