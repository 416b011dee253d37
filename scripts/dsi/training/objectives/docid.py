"""The objective of the task `docid` with atomic docids: text → one document, all scored by one decoder step.

Indexing and retrieval are trained jointly, on the examples of dsi.training.objectives.examples; the loss
pulls P(docid | text) towards the teacher's distribution.
"""

from collections.abc import Iterator, Sequence

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.model.scoring import docid_logits
from dsi.ranking.scores import measures_of_scores
from dsi.training.objective import VALIDATION_LOSS
from dsi.training.objectives.examples import VALIDATION_MEASURES, Batch, Examples, Query
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
        self._validation = None
        if validation:
            targets = relevance_targets([query.relevant for query in validation], examples.documents)
            inputs = examples.encode([query.text for query in validation])
            self._validation = Batch(*inputs, torch.from_numpy(targets))

    def __len__(self) -> int:
        """Batches in one epoch."""
        return len(self._drawn)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, which (seed, epoch) determine."""
        for drawn in self._drawn.batches(self._drawn.generator(epoch)):
            yield Batch(drawn.input_ids, drawn.attention_mask, torch.from_numpy(drawn.targets))

    def loss(self, model: T5ForConditionalGeneration, batch: Batch) -> torch.Tensor:
        """Cross-entropy over documents."""
        logits = docid_logits(model, batch.input_ids, batch.attention_mask, self._drawn.documents)
        return soft_cross_entropy(logits, batch.targets)

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Loss and measures of the validation queries against the judgements."""
        if self._validation is None:
            return {}
        batch = Batch(*(tensor.to(model.device) for tensor in self._validation))
        logits = docid_logits(model, batch.input_ids, batch.attention_mask, self._drawn.documents)
        relevant = [tuple(row.nonzero().flatten().tolist()) for row in batch.targets]
        measures = measures_of_scores(logits.cpu().numpy(), relevant)
        return {
            VALIDATION_LOSS: soft_cross_entropy(logits, batch.targets).item(),
            **{f"validation_{name}": value for name, value in measures.items()},
        }


def soft_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean over rows of -Σ target · log softmax(logits); both (B, N)."""
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
