"""The task `docid`: text → one document, every document scored by one decoder step.

Indexing and retrieval are trained jointly: each epoch mixes fresh pseudo-queries of every document with
training queries, and part of the loss pulls P(docid | query) towards BM25's scores over the same text
(Chen et al. 2023, "Understanding Differential Search Index for Text Retrieval"). Does not know
optimisers or where files lie.
"""

import math
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.model.scoring import docid_logits, pad_batch
from dsi.pseudo_queries.sampler import PseudoQuerySampler
from dsi.ranking.scores import measures_of_scores
from dsi.training.batches import bucketed
from dsi.training.objective import VALIDATION_LOSS


class Query(NamedTuple):
    """A text and the columns of its relevant documents; none where nobody judged it."""

    text: str
    relevant: tuple[int, ...]


class Batch(NamedTuple):
    """input_ids, attention_mask: (B, L) int64; targets: (B, N) float32, rows sum to 1.

    With identifiers of several tokens targets are labels, (B, M, T) int64 (dsi.training.objectives.docid_sequence).
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    targets: torch.Tensor


class DocidObjective:
    """Indexing and retrieval jointly: fresh pseudo-queries of every document, and training queries.

    Args:
        sampler: of pseudo-queries over N documents.
        scorer: BM25 over the same documents, the teacher.
        tokenizer: cuts texts to the longest input.
        training_queries: mixed in. Those that nobody judged are taught by BM25 alone, if it finds anything.
        validation_queries: measured after every epoch; there may be none.
        per_document: pseudo-queries of each document in one epoch.
        distinct: pseudo-queries that a document has, drawn once; None: new ones every epoch.
        training_share: share of an epoch's examples that are training queries (none if there are
            none).
        teacher_weight, temperature: share of the target that is softmax(BM25 / temperature).
        documents: N.
    """

    measures: tuple[str, ...] = (
        VALIDATION_LOSS,
        "validation_MAP",
        "validation_R@10",
        "validation_R@1000",
    )

    def __init__(
        self,
        sampler: PseudoQuerySampler,
        scorer: Bm25Scorer,
        tokenizer: Tokenizer,
        training_queries: Sequence[Query],
        validation_queries: Sequence[Query],
        *,
        documents: int,
        per_document: int,
        distinct: int | None,
        training_share: float,
        teacher_weight: float,
        temperature: float,
        batch_size: int,
        seed: int,
    ) -> None:
        self._sampler = sampler
        self._scorer = scorer
        self._teacher_weight = teacher_weight
        self._tokenizer = tokenizer
        self._queries = [query for query in training_queries if query.relevant or self._teachable(query)]
        self._documents = documents
        self._per_document = per_document
        self._distinct = distinct
        self._temperature = temperature
        self._batch_size = batch_size
        self._seed = seed
        self._validation = self._encoded_queries(validation_queries) if validation_queries else None
        pseudo = documents * per_document
        self._drawn_queries = round(pseudo * training_share / (1 - training_share)) if self._queries else 0
        self.examples = pseudo + self._drawn_queries

    def __len__(self) -> int:
        """Batches in one epoch."""
        return math.ceil(self.examples / self._batch_size)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, which (seed, epoch) determine."""
        rng = random.Random(f"{self._seed}/{epoch}")
        examples = self._draw(rng)
        rng.shuffle(examples)
        encoded = self._tokenizer.encode_batch([" ".join(words) for words, _ in examples])
        for rows in bucketed([len(entry.ids) for entry in encoded], self._batch_size, rng):
            input_ids, mask = pad_batch([encoded[row].ids for row in rows])
            targets = self._targets([examples[row] for row in rows])
            yield Batch(input_ids, mask, self._aims(targets, rng))

    def loss(self, model: T5ForConditionalGeneration, batch: Batch) -> torch.Tensor:
        """Cross-entropy over documents."""
        logits = docid_logits(model, batch.input_ids, batch.attention_mask, self._documents)
        return soft_cross_entropy(logits, batch.targets)

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Loss and measures of the validation queries against the judgements."""
        if self._validation is None:
            return {}
        batch = Batch(*(tensor.to(model.device) for tensor in self._validation))
        logits = docid_logits(model, batch.input_ids, batch.attention_mask, self._documents)
        relevant = [tuple(row.nonzero().flatten().tolist()) for row in batch.targets]
        measures = measures_of_scores(logits.cpu().numpy(), relevant)
        return {
            VALIDATION_LOSS: soft_cross_entropy(logits, batch.targets).item(),
            **{f"validation_{name}": value for name, value in measures.items()},
        }

    def _aims(self, targets: npt.NDArray[np.float32], _: random.Random) -> torch.Tensor:
        """What a batch is trained on, from target distributions (B, N); random choices follow the epoch."""
        return torch.from_numpy(targets)

    def _encoded_queries(self, queries: Sequence[Query]) -> Batch:
        encoded = self._tokenizer.encode_batch([query.text for query in queries])
        input_ids, mask = pad_batch([entry.ids for entry in encoded])
        targets = relevance_targets([query.relevant for query in queries], self._documents)
        return Batch(input_ids, mask, torch.from_numpy(targets))

    def _teachable(self, query: Query) -> bool:
        return self._teacher_weight > 0 and bool(self._scorer.scores([query.text.split()]).any())

    def _draw(self, rng: random.Random) -> list[tuple[list[str], tuple[int, ...]]]:
        """The epoch's examples: words and relevant columns."""
        examples: list[tuple[list[str], tuple[int, ...]]] = [
            (self._pseudo_query(document, rng), (document,))
            for document in range(self._documents)
            for _ in range(self._per_document)
        ]
        drawn = rng.choices(self._queries, k=self._drawn_queries) if self._drawn_queries else []
        examples.extend((query.text.split(), query.relevant) for query in drawn)
        return examples

    def _pseudo_query(self, document: int, rng: random.Random) -> list[str]:
        if self._distinct is not None:
            rng = random.Random(f"{self._seed}/{document}/{rng.randrange(self._distinct)}")
        return self._sampler.sample(document, rng)

    def _targets(self, examples: Sequence[tuple[list[str], tuple[int, ...]]]) -> npt.NDArray[np.float32]:
        """Target distribution over documents, (len(examples), N)."""
        hard = relevance_targets([relevant for _, relevant in examples], self._documents)
        if self._teacher_weight == 0:
            return hard
        scores = self._scorer.scores([words for words, _ in examples])
        teacher = softmax(scores / self._temperature)
        # A text that matches nothing teaches nothing: a flat teacher would be noise.
        weight = self._teacher_weight * (scores.max(axis=1, keepdims=True) > 0)
        weight[[not relevant for _, relevant in examples]] = 1
        mixed: npt.NDArray[np.float32] = ((1 - weight) * hard + weight * teacher).astype(np.float32)
        return mixed


def relevance_targets(relevant: Sequence[Sequence[int]], documents: int) -> npt.NDArray[np.float32]:
    """(len(relevant), documents): uniform over each row's relevant columns; 0 where there are none."""
    targets = np.zeros((len(relevant), documents), dtype=np.float32)
    for row, columns in enumerate(relevant):
        targets[row, list(columns)] = 1 / max(len(columns), 1)
    return targets


def softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Softmax of each row."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: npt.NDArray[np.float32] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def soft_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean over rows of -Σ target · log softmax(logits); both (B, N)."""
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
