"""The losses of an epoch: summed, and the end of a training that has left the finite numbers.

Losses and norms stay on the device and are read every few batches, as a GPU would be waited for at each one.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch

from dsi.training.phase import Phase

READ_EVERY = 50  # batches


class DivergenceError(RuntimeError):
    """A loss or a weight is not finite; the message says after which step."""


class Step(NamedTuple):
    """An optimiser step: its number within the phase, from 1; norm: of its gradient before clipping."""

    number: int
    learning_rate: float
    norm: torch.Tensor


class Losses:
    """Sums the losses of an epoch's rows, and raises at the first that is not finite.

    Args:
        total: adds up what several processes have, which then read the same; None with one process.
    """

    def __init__(self, phase: Phase, total: Callable[[torch.Tensor], torch.Tensor] | None = None) -> None:
        self._phase = phase
        self._total = total
        self._last: Step | None = None
        self._unread: list[tuple[Step | None, int, torch.Tensor]] = []
        self._sum = 0.0

    def step(self, step: Step) -> None:
        """Note an optimiser step; the losses that follow are those after it."""
        self._last = step

    def add(self, loss: torch.Tensor, rows: int) -> None:
        """Add the mean loss of a batch, or this process's part of it; it is not read yet."""
        self._unread.append((self._last, rows, loss.detach()))

    def read(self) -> None:
        """Read what was added since the last time.

        Raises:
            DivergenceError: a loss is not finite.
        """
        if not self._unread:
            return
        losses = torch.stack([loss for _, _, loss in self._unread])
        values = (losses if self._total is None else self._total(losses)).tolist()
        for (step, rows, _), value in zip(self._unread, values, strict=True):
            if not math.isfinite(value):
                raise DivergenceError(self._message(f"a loss of {value}", step))
            self._sum += value * rows
        self._unread.clear()

    def end_epoch(self, model: torch.nn.Module) -> float:
        """The sum over the epoch's rows; the next epoch begins at zero.

        Raises:
            DivergenceError: a loss is not finite, or a weight of the model.
        """
        self.read()
        finite = torch.stack([parameter.isfinite().all() for parameter in model.parameters()])
        if not finite.all():
            raise DivergenceError(self._message("a weight that is not finite", self._last))
        total, self._sum = self._sum, 0.0
        return total

    def check_validation(self, loss: float) -> None:
        """Check the loss of the validation queries.

        Raises:
            DivergenceError: it is not finite.
        """
        if not math.isfinite(loss):
            raise DivergenceError(self._message(f"a validation loss of {loss}", self._last))

    def _message(self, found: str, step: Step | None) -> str:
        phase = self._phase
        when = "before the first step"
        if step is not None:
            when = (
                f"after step {step.number} (learning rate {step.learning_rate:.3g}, norm of the gradient "
                f"{step.norm.item():.3g})"
            )
        precision = ", or precision: fp32" if phase.precision == "bf16" else ""
        return (
            f"{phase.name} diverged: found {found} {when}, expected finite numbers; try a lower peak of the "
            f"learning rate than {phase.learning_rate:g}, for example learning_rate: "
            f"{phase.learning_rate / 10:g}, a longer warmup, or gradient_clip: 1.0{precision}"
        )
