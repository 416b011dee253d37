"""Knowledge distillation: a model learns what another one answers, too (Hinton, Vinyals & Dean 2015).

Of each text's target a share is the teacher's distribution over documents, as BM25's is
(`dsi.training.objectives.teacher`). The cross-entropy with it is, up to the teacher's entropy, which no step
changes, (1 - weight) · cross-entropy with the model's own target + weight · KL(teacher ‖ model).
"""

from collections.abc import Sequence

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.model.scoring import docid_head, docid_logits, docid_states
from dsi.training.objectives.chunked_loss import Taught
from dsi.training.objectives.docid import DocidObjective
from dsi.training.objectives.examples import Batch, Examples, Query, SparseBatch


class ModelTeacher:
    """A trained model that gives targets.

    Args:
        model: with atomic docids; it is not trained, and has no dropout.
        weight, temperature: share of the target that is softmax(the model's logits / temperature).
    """

    def __init__(self, model: T5ForConditionalGeneration, weight: float, temperature: float) -> None:
        self._model = model.eval().requires_grad_(False)
        self._weight = weight
        self._temperature = temperature

    @torch.no_grad()
    def targets(self, batch: Batch) -> torch.Tensor:
        """(1 - weight) · the batch's own targets + weight · this model's distribution, (B, N) float32."""
        model = self._model.to(batch.input_ids.device)
        logits = docid_logits(model, batch.input_ids, batch.attention_mask, batch.targets.shape[1])
        return torch.lerp(batch.targets, torch.softmax(logits / self._temperature, dim=1), self._weight)

    @torch.no_grad()
    def share(self, batch: SparseBatch, documents: int) -> Taught:
        """What makes up this model's distribution over so many documents."""
        model = self._model.to(batch.input_ids.device)
        states = docid_states(model, batch.input_ids, batch.attention_mask)
        return Taught(states, docid_head(model, documents), self._weight, self._temperature)


class TaughtObjective(DocidObjective):
    """As `DocidObjective`, with a share of each target from a trained model, computed batch by batch."""

    def __init__(self, examples: Examples, validation: Sequence[Query], teacher: ModelTeacher) -> None:
        super().__init__(examples, validation)
        self._teacher = teacher

    def loss(self, model: T5ForConditionalGeneration, batch: Batch | SparseBatch) -> torch.Tensor:
        """Cross-entropy over documents with the mixed targets."""
        if isinstance(batch, SparseBatch):
            return self.sparse_loss(model, batch, self._teacher.share(batch, self._drawn.documents))
        return super().loss(model, batch._replace(targets=self._teacher.targets(batch)))
