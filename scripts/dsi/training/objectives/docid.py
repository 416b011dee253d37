"""The objective of the task `docid` with atomic docids: text → one document, all scored by one decoder step.

Indexing and retrieval are trained jointly, on the examples of dsi.training.objectives.examples; the loss
pulls P(docid | text) towards the teacher's distribution. Of more than DENSE documents targets are sparse and
the softmax is taken in chunks (`dsi.training.objectives.chunked_loss`): nothing is of texts by documents.
"""

from collections.abc import Iterator, Sequence

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.model.scoring import docid_head, docid_logits, docid_states
from dsi.ranking.scores import measures_of_ranks, ranks_of_columns
from dsi.training.objective import VALIDATION_LOSS
from dsi.training.objectives.chunked_loss import Taught, chunked_cross_entropy
from dsi.training.objectives.examples import (
    DENSE,
    VALIDATION_MEASURES,
    Batch,
    Examples,
    Query,
    SparseBatch,
    blocks,
)
from dsi.training.objectives.teacher import relevance_targets


class DocidObjective:
    """Cross-entropy with the target distributions over documents.

    Args:
        examples: of N documents.
        validation: queries measured after every epoch, each with a relevant document; there may be none.
    """

    measures: tuple[str, ...] = VALIDATION_MEASURES

    def __init__(self, examples: Examples, validation: Sequence[Query]) -> None:
        self.examples = examples.count
        self._drawn = examples
        self.validated = bool(validation)
        self._relevant = [query.relevant for query in validation]
        self._inputs = examples.encode([query.text for query in validation]) if validation else None

    def __len__(self) -> int:
        """Batches in one epoch."""
        return len(self._drawn)

    def batches(self, epoch: int) -> Iterator[Batch | SparseBatch]:
        """The batches of an epoch, which (seed, epoch) determine."""
        for drawn in self._drawn.batches(self._drawn.generator(epoch)):
            if self._drawn.documents > DENSE:
                sparse = self._drawn.sparse_targets(drawn.examples)
                yield SparseBatch(drawn.input_ids, drawn.attention_mask, *sparse)
            else:
                targets = torch.from_numpy(self._drawn.targets(drawn.examples))
                yield Batch(drawn.input_ids, drawn.attention_mask, targets)

    def loss(self, model: T5ForConditionalGeneration, batch: Batch | SparseBatch) -> torch.Tensor:
        """Cross-entropy over documents."""
        if isinstance(batch, SparseBatch):
            return self.sparse_loss(model, batch)
        logits = docid_logits(model, batch.input_ids, batch.attention_mask, self._drawn.documents)
        return soft_cross_entropy(logits, batch.targets)

    def share(self, batch: Batch | SparseBatch, rows: slice) -> tuple[Batch | SparseBatch, float]:
        """Some rows of a batch, and their part of its loss."""
        share = type(batch)(*(tensor[rows] for tensor in batch))
        return share, len(share.input_ids) / len(batch.input_ids)

    def sparse_loss(
        self, model: T5ForConditionalGeneration, batch: SparseBatch, taught: Taught | None = None
    ) -> torch.Tensor:
        """The same of very many documents; taught: a model's share of the targets."""
        states = docid_states(model, batch.input_ids, batch.attention_mask)
        head = docid_head(model, self._drawn.documents)
        return chunked_cross_entropy(states, head, batch.targets, taught)

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Loss and measures of the validation queries against the judgements."""
        if self._inputs is None:
            return {}
        documents, losses, ranks = self._drawn.documents, [], []
        for rows in blocks(len(self._relevant), documents):
            input_ids, mask = (tensor[rows].to(model.device) for tensor in self._inputs)
            logits = docid_logits(model, input_ids, mask, documents)
            targets = torch.from_numpy(relevance_targets(self._relevant[rows], documents))
            losses.append(row_losses(logits, targets.to(model.device)))
            ranks += ranks_of_columns(logits.cpu().numpy(), self._relevant[rows])
        measures = measures_of_ranks(ranks, self._relevant)
        return {
            VALIDATION_LOSS: torch.cat(losses).mean().item(),
            **{f"validation_{name}": value for name, value in measures.items()},
        }


def soft_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The mean of `row_losses`."""
    return row_losses(logits, targets).mean()


def row_losses(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """-Σ target · log softmax(logits) of each row, (B,); both (B, N)."""
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1)
