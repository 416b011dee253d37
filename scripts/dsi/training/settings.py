"""What trainings of both tasks are set to: sections of the JSON that --settings gives, as records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class SettingsError(ValueError):
    """A section of --settings is missing that this training needs; the message names it."""


@dataclass(frozen=True)
class TrainingSettings:
    """Section `training` of a baseline: E1, and of E2 all but the schedule.

    batch_size: examples of an optimiser step; accumulate: backward passes that make one up. warmup: fraction
    of the steps. weight_decay: of matrices only. gradient_clip: largest norm, None for no limit. patience:
    epochs without a better validation loss before the end, None for all epochs. checkpointing: recompute
    activations in the backward pass instead of keeping them. max_tokens: longest input. devices: processes
    that share each batch (`dsi.training.devices`).
    """

    epochs: int
    batch_size: int
    accumulate: int
    optimiser: Literal["adamw", "adam", "adafactor"]
    betas: Sequence[float]
    eps: float
    learning_rate: float
    schedule: Literal["cosine", "constant"]
    warmup: float
    weight_decay: float
    precision: Literal["auto", "bf16", "fp32"]
    checkpointing: bool
    max_tokens: int
    gradient_clip: float | None = None
    patience: int | None = None
    devices: int = 1

    @property
    def rows_per_batch(self) -> int:
        """Examples of one backward pass."""
        return self.batch_size // self.accumulate


@dataclass(frozen=True)
class RecoverySettings:
    """Section `recovery`: the epochs of E2 and their schedule.

    rewind: repeat the learning rates of E1's last epochs instead of the schedule given here.
    """

    epochs: int
    learning_rate: float
    warmup: float
    rewind: bool
