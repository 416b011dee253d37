"""The examples of an epoch of the task `docid`: texts, and what they should retrieve.

Each epoch mixes fresh pseudo-queries of every document with training queries (Chen et al. 2023,
"Understanding Differential Search Index for Text Retrieval").
"""

import math
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from dsi.base.words import joined_words
from dsi.docids.tokenizer import encoded_ids
from dsi.model.scoring import pad_batch
from dsi.pseudo_queries.sampler import PseudoQuerySampler
from dsi.training.batches import bucketed
from dsi.training.objective import VALIDATION_LOSS
from dsi.training.objectives.chunked_loss import SparseTargets
from dsi.training.objectives.teacher import Example, Teacher

# What objectives on these examples measure after every epoch.
VALIDATION_MEASURES = (VALIDATION_LOSS, "validation_MAP", "validation_R@10", "validation_R@1000")
# Numbers in a matrix of texts by documents that is made at a time: 64 MB of float32.
CELLS = 2**24
# Documents up to which every text has a target for each, 8 MB in batches of 128; of more, targets are sparse.
DENSE = 2**14


def blocks(texts: int, documents: int) -> Iterator[slice]:
    """Slices that cover all texts, each of so few that texts by documents are CELLS at most, or of one."""
    rows = max(1, CELLS // documents)
    return (slice(first, first + rows) for first in range(0, texts, rows))


class Query(NamedTuple):
    """A text and the columns of its relevant documents; none where nobody judged it."""

    text: str
    relevant: tuple[int, ...]


class Batch(NamedTuple):
    """input_ids, attention_mask: (B, L) int64; targets: (B, N) float32, rows sum to 1."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    targets: torch.Tensor


class SparseBatch(NamedTuple):
    """input_ids, attention_mask: (B, L) int64; columns, shares, rest: of `SparseTargets`."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    columns: torch.Tensor
    shares: torch.Tensor
    rest: torch.Tensor

    @property
    def targets(self) -> SparseTargets:
        """The targets."""
        return SparseTargets(self.columns, self.shares, self.rest)


class DrawnBatch(NamedTuple):
    """input_ids, attention_mask: (B, L) int64; examples: the B that they encode."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    examples: list[Example]


class Drawing(NamedTuple):
    """How examples are drawn and batched.

    documents: N. per_document: pseudo-queries of each document in one epoch. distinct: pseudo-queries that a
    document has, drawn once; None: new ones every epoch. training_share: share of an epoch's examples that
    are training queries (none if there are none). batch_size: rows of a batch.
    """

    documents: int
    per_document: int
    distinct: int | None
    training_share: float
    batch_size: int
    seed: int


class Examples:
    """Draws the examples of an epoch.

    Args:
        sampler: of pseudo-queries over N documents.
        teacher: over the same documents.
        tokenizer: cuts texts to the longest input.
        training_queries: mixed in. Those that nobody judged are taught by BM25 alone, if it finds anything.
    """

    def __init__(
        self,
        sampler: PseudoQuerySampler,
        teacher: Teacher,
        tokenizer: Tokenizer,
        training_queries: Sequence[Query],
        drawing: Drawing,
    ) -> None:
        self._sampler = sampler
        self._teacher = teacher
        self._tokenizer = tokenizer
        self._drawing = drawing
        self._queries = [
            query for query in training_queries if query.relevant or teacher.teaches(query.text.split())
        ]
        self.documents = drawing.documents
        pseudo = drawing.documents * drawing.per_document
        share = drawing.training_share
        self._drawn_queries = round(pseudo * share / (1 - share)) if self._queries else 0
        self.count = pseudo + self._drawn_queries

    def __len__(self) -> int:
        """Batches in one epoch."""
        return math.ceil(self.count / self._drawing.batch_size)

    def generator(self, epoch: int) -> random.Random:
        """The source of everything random in an epoch."""
        return random.Random(f"{self._drawing.seed}/{epoch}")

    def batches(self, rng: random.Random) -> Iterator[DrawnBatch]:
        """The batches of an epoch, which its generator determines."""
        examples = self._draw(rng)
        rng.shuffle(examples)
        ids = encoded_ids(
            self._tokenizer,
            (joined_words(example.words) if example.text is None else example.text for example in examples),
        )
        for rows in bucketed(ids.lengths(), self._drawing.batch_size, rng):
            input_ids, mask = pad_batch([ids.of(row) for row in rows])
            yield DrawnBatch(input_ids, mask, [examples[row] for row in rows])

    def targets(self, examples: Sequence[Example]) -> npt.NDArray[np.float32]:
        """What examples should retrieve, (len(examples), N) float32; rows sum to 1."""
        return self._teacher.targets(examples)

    def sparse_targets(self, examples: Sequence[Example]) -> SparseTargets:
        """As `targets`, for very many documents."""
        return self._teacher.sparse_targets(examples)

    def encode(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """(input_ids, attention_mask) of texts, both (len(texts), L) int64."""
        return pad_batch([entry.ids for entry in self._tokenizer.encode_batch(list(texts))])

    def _draw(self, rng: random.Random) -> list[Example]:
        examples = [
            Example(self._pseudo_query(document, rng), (document,))
            for document in range(self._drawing.documents)
            for _ in range(self._drawing.per_document)
        ]
        drawn = rng.choices(self._queries, k=self._drawn_queries) if self._drawn_queries else []
        for query in drawn:
            words = query.text.split()
            examples.append(Example(words, query.relevant, " ".join(words)))
        return examples

    def _pseudo_query(self, document: int, rng: random.Random) -> list[str]:
        if self._drawing.distinct is not None:
            number = rng.randrange(self._drawing.distinct)
            rng = random.Random(f"{self._drawing.seed}/{document}/{number}")
        return self._sampler.sample(document, rng)
