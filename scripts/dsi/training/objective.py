"""What a model is trained on: the interface that every objective has."""

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

VALIDATION_LOSS = "validation_loss"


class Objective(Protocol):
    """What a model is trained on and how an epoch of it is measured.

    examples: in one epoch. measures: names of what `validate` gives, for the history's columns.
    validated: whether there is anything from which a VALIDATION_LOSS comes.
    """

    examples: int
    measures: tuple[str, ...]
    validated: bool

    def __len__(self) -> int:
        """Batches in one epoch."""

    def batches(self, epoch: int) -> Iterable[Any]:
        """The batches of an epoch, counted from 1 over both phases: tuples of (rows, …) tensors."""

    def loss(self, model: T5ForConditionalGeneration, batch: Any) -> torch.Tensor:
        """The loss of a batch, a mean over its rows."""

    def share(self, batch: Any, rows: slice) -> tuple[Any, float]:
        """Some rows of a batch, and by how much their loss counts in that of the batch: a part of 1."""

    def validate(self, model: T5ForConditionalGeneration) -> dict[str, float]:
        """Measures after an epoch; empty where there is nothing to validate on."""
