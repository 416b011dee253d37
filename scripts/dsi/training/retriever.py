"""The Lightning module: an objective's loss, an optimiser, a schedule, and masks that hold.

Everything random in an epoch follows from (seed, epoch), so a resumed run equals an uninterrupted one, and
arms that share a seed share their data. Of several processes each computes its share of every batch.
"""

import logging
import math
from collections.abc import Iterator
from typing import Any

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, IterableDataset

from dsi.model.masks import Growth, Tensors, check_masks, hold_masks
from dsi.training.ahead import made_ahead
from dsi.training.losses import READ_EVERY, Losses, Step
from dsi.training.objective import VALIDATION_LOSS, Objective
from dsi.training.optimisation import load_moments, make_optimiser, warmup_constant, warmup_cosine
from dsi.training.phase import Phase
from dsi.training.shares import Share, share_of
from dsi.training.start import Start

logger = logging.getLogger(__name__)


class MaskError(RuntimeError):
    """A pruned weight is not zero any more."""


def makes_ahead(device: torch.device) -> bool:
    """Whether batches are made while the device works: a GPU, as a job on a CPU has no core to spare."""
    return device.type == "cuda"


class _Epochs(IterableDataset[Any]):
    """This process's shares of the epoch's batches; ahead: made while the device works on those before."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self.epoch = 1
        self.ahead = False
        self.rank, self.ranks = 0, 1

    def __len__(self) -> int:
        return len(self._objective)

    def __iter__(self) -> Iterator[Any]:
        batches = self._objective.batches(self.epoch)
        shares = (share_of(self._objective, batch, self.rank, self.ranks) for batch in batches)
        return made_ahead(shares) if self.ahead else shares


class Retriever(pl.LightningModule):
    """A model in training.

    Args:
        start: the model, the masks that hold, and optimiser state to go on from.
        growth: changes the masks while the model trains; None: they stay as they are.
    """

    def __init__(
        self, start: Start, phase: Phase, objective: Objective, growth: Growth | None = None
    ) -> None:
        super().__init__()
        self.model = start.model
        self.phase = phase
        self.objective = objective
        self.history: list[dict[str, Any]] = []
        self.masked: list[tuple[torch.nn.Parameter, torch.Tensor]] = []
        self._epochs = _Epochs(objective)
        self._moments = start.moments
        self._masks = dict(start.masks)
        self._growth = growth
        self._scores: list[torch.nn.Parameter] = []
        self._step = 0
        self._losses = Losses(phase, self._total if phase.devices > 1 else None)
        self._epoch_loss = 0.0
        self._measures: dict[str, float] = {}

    def on_fit_start(self) -> None:
        if self.phase.checkpointing:
            self.model.gradient_checkpointing_enable()
        if self._growth is not None and self._step == 0:
            self._growth.change(0)
            hold_masks(self.masked)

    @property
    def masks(self) -> Tensors:
        """The masks as they are now, on the CPU."""
        if not self.masked:
            return self._masks
        return {name: mask.cpu() for name, (_, mask) in zip(self._masks, self.masked, strict=True)}

    def train_dataloader(self) -> DataLoader[Any]:
        # Called anew for each epoch, and before the epoch's first batch is fetched, which happens
        # ahead of on_train_epoch_start.
        self._epochs.epoch = self.phase.first_epoch + self.current_epoch
        self._epochs.ahead = makes_ahead(self.device)
        self._epochs.rank, self._epochs.ranks = self.global_rank, self.phase.devices
        return DataLoader(self._epochs, batch_size=None)

    def val_dataloader(self) -> list[int]:
        # The objective holds its queries; one round of Lightning's loop asks it.
        return [0]

    def on_train_batch_start(self, _: Any, batch_idx: int) -> None:
        if batch_idx == 0:
            # Dropout too follows from (seed, epoch): Lightning does not store torch's generator. Here
            # and not when the epoch starts, as making the loader's iterator draws from it as well.
            # Each process draws for its own rows; a seed is below 2**32.
            epoch = self.phase.first_epoch + self.current_epoch
            torch.manual_seed((self.phase.seed + self.global_rank * 2**32) * 100_003 + epoch)

    def training_step(self, share: Share, batch_idx: int) -> torch.Tensor:
        loss = self.objective.loss(self.model, share.batch) * share.part
        self._losses.add(loss, share.whole)
        loss = loss * self.phase.devices  # gradients are averaged over the processes, and are to be added up
        accumulate = self.phase.accumulate
        left_over = len(self.objective) % accumulate
        if left_over and batch_idx >= len(self.objective) - left_over:
            # Lightning divides by all that a step may accumulate, and the last one has only these.
            loss = loss * (accumulate / left_over)
        return loss

    def on_train_batch_end(self, _: Any, __: Any, batch_idx: int) -> None:
        # The last of an epoch before validation, which has no measures of a model that diverged.
        if self.trainer.is_last_batch:
            self._epoch_loss = self._losses.end_epoch(self.model)
        elif (batch_idx + 1) % READ_EVERY == 0:
            self._losses.read()

    def validation_step(self, _: Any, __: int) -> None:
        # In fp32 as the final evaluation is, so that the history's last row agrees with it.
        with torch.autocast(self.device.type, enabled=False):
            self._measures = self.objective.validate(self.model)
        if self.objective.validated:
            self._losses.check_validation(self._measures[VALIDATION_LOSS])
            self.log(VALIDATION_LOSS, self._measures[VALIDATION_LOSS], batch_size=1)

    def on_train_epoch_end(self) -> None:
        if any(parameter[~mask].any() for parameter, mask in self.masked):
            raise MaskError(
                f"after epoch {self.current_epoch + 1} a pruned weight is not zero: the masks were "
                "not applied after an optimiser step"
            )
        row = {
            "epoch": self.phase.first_epoch + self.current_epoch,
            "phase": self.phase.name,
            "examples": self.objective.examples,
            "learning_rate": self.optimizers().param_groups[0]["lr"],  # type: ignore[union-attr]
            "train_loss": self._epoch_loss / self.objective.examples,
            **self._measures,
        }
        self.history.append(row)
        shown = ", ".join(f"{name} {row[name]:.4f}" for name in ("train_loss", *self._measures))
        # dsi.base.progress reads it.
        logger.info("epoch %d/%d: %s", row["epoch"], self.phase.last_epoch, shown)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["history"] = self.history
        checkpoint["step"] = self._step
        if self._growth is not None:
            checkpoint["masks"] = self.masks
            checkpoint["growth"] = self._growth.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.history = checkpoint["history"]
        self._step = checkpoint["step"]
        if self._growth is not None:
            check_masks(checkpoint["masks"], self._masks, "the training state")
            self._masks = checkpoint["masks"]
            self._growth.load(checkpoint["growth"])

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        if self._growth is not None:
            self._growth.weigh()
        # Of a pruned weight neither the norm knows nor a moment that Adafactor shares among a row's weights.
        hold_masks([(weight.grad, mask) for weight, mask in self.masked if weight.grad is not None])
        # Here and not by the trainer, which refuses to clip for a fused optimiser.
        limit = self.phase.optimisation.gradient_clip
        if limit is not None:
            learnt = [*self.model.parameters(), *self._scores]
            norm = torch.nn.utils.clip_grad_norm_(learnt, limit)
        else:
            gradients = (parameter.grad for parameter in self.model.parameters())
            norm = torch.nn.utils.get_total_norm([grad for grad in gradients if grad is not None])
        self._losses.step(Step(self._step + 1, optimizer.param_groups[0]["lr"], norm))

    def configure_optimizers(self) -> Any:
        phase = self.phase
        optimiser = make_optimiser(self.model, phase.optimisation, phase.learning_rate)
        if self._moments is not None:
            load_moments(optimiser, self.model, self._moments)
        in_epoch = math.ceil(len(self.objective) / phase.accumulate)
        # Here, where the model is on its device: Lightning calls on_fit_start after this.
        parameters = dict(self.model.named_parameters())
        self.masked = [(parameters[name], mask.to(self.device)) for name, mask in self._masks.items()]
        if self._growth is not None:
            for group in self._growth.begin(self.masked, in_epoch * phase.epochs):
                self._scores += group["params"]
                optimiser.add_param_group(group)
        optimiser.register_step_post_hook(lambda *_: self._mask())
        over, steps = in_epoch * phase.rewound, in_epoch * (phase.rewound + phase.epochs)
        factor = warmup_cosine if phase.schedule == "cosine" else warmup_constant
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: factor((over + step) / steps, phase.warmup)
        )
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def _total(self, losses: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = self.trainer.strategy.reduce(losses, reduce_op="sum")
        return total

    def _mask(self) -> None:
        self._step += 1
        if self._growth is not None:
            self._growth.change(self._step)
        hold_masks(self.masked)
