"""Training with Lightning, whatever the task: optimisers, schedules, masks, history, resume.

What is trained on is an `Objective` (dsi.training.objectives.docid, dsi.ranking.lists). Everything random in an epoch
follows from (seed, epoch), so a resumed run equals an uninterrupted one, and arms that share a seed
share their data. Does not know tasks, where files lie, nor what a rate is.
"""

import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from torch.utils.data import DataLoader, IterableDataset
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.model.masks import hold_masks
from dsi.training.objective import VALIDATION_LOSS, Objective
from dsi.training.optimisation import load_moments, make_optimiser, warmup_constant, warmup_cosine
from dsi.training.phase import Phase

logger = logging.getLogger(__name__)


# The columns of every history; an objective's own measures follow.
HISTORY = ("epoch", "phase", "examples", "learning_rate", "train_loss")


# Parameters, each with its mask, True where a weight is kept.
Held = list[tuple[torch.nn.Parameter, torch.Tensor]]


class MaskError(RuntimeError):
    """A pruned weight is not zero any more."""


class _Epochs(IterableDataset[Any]):
    """The batches of the epoch that is set."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self.epoch = 1

    def __len__(self) -> int:
        return len(self._objective)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._objective.batches(self.epoch))


class Retriever(pl.LightningModule):
    """The Lightning module: an objective's loss, an optimiser, a schedule, masks held.

    Args:
        masks: parameter name → boolean mask, True where a weight is kept; empty for dense training.
        moments: optimiser state to go on from (see `optimiser_moments`), or None to start afresh.
        grow: called after each optimiser step with the held masks, to change them in place, the step's
            number from 1, and that of the last step; None: masks stay as they are.
    """

    def __init__(
        self,
        model: T5ForConditionalGeneration,
        phase: Phase,
        objective: Objective,
        *,
        masks: Mapping[str, torch.Tensor],
        moments: Mapping[str, torch.Tensor] | None,
        grow: Callable[[Held, int, int], object] | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.history: list[dict[str, Any]] = []
        self._phase = phase
        self._objective = objective
        self._epochs = _Epochs(objective)
        self._moments = moments
        self._masks = dict(masks)
        self._grow = grow
        self._step = 0
        self._held: Held = []
        self._train_loss = 0.0
        self._measures: dict[str, float] = {}

    def on_fit_start(self) -> None:
        parameters = dict(self.model.named_parameters())
        self._held = [(parameters[name], mask.to(self.device)) for name, mask in self._masks.items()]
        if self._phase.checkpointing:
            self.model.gradient_checkpointing_enable()

    @property
    def masks(self) -> dict[str, torch.Tensor]:
        """The masks as they are now, on the CPU."""
        if not self._held:
            return self._masks
        return {name: mask.cpu() for name, (_, mask) in zip(self._masks, self._held, strict=True)}

    def train_dataloader(self) -> DataLoader[Any]:
        # Called anew for each epoch, and before the epoch's first batch is fetched, which happens
        # ahead of on_train_epoch_start.
        self._epochs.epoch = self._phase.first_epoch + self.current_epoch
        return DataLoader(self._epochs, batch_size=None)

    def val_dataloader(self) -> list[int]:
        # The objective holds its queries; one round of Lightning's loop asks it.
        return [0]

    def on_train_batch_start(self, _: Any, batch_idx: int) -> None:
        if batch_idx == 0:
            self._train_loss = 0.0
            # Dropout too follows from (seed, epoch): Lightning does not store torch's generator. Here
            # and not when the epoch starts, as making the loader's iterator draws from it as well.
            epoch = self._phase.first_epoch + self.current_epoch
            torch.manual_seed(self._phase.seed * 100_003 + epoch)

    def training_step(self, batch: Any, _: int) -> torch.Tensor:
        loss = self._objective.loss(self.model, batch)
        self._train_loss += loss.item() * len(batch[0])
        return loss

    def validation_step(self, _: Any, __: int) -> None:
        # In fp32 as the final evaluation is, so that the history's last row agrees with it.
        with torch.autocast(self.device.type, enabled=False):
            self._measures = self._objective.validate(self.model)
        if self._measures:
            self.log(VALIDATION_LOSS, self._measures[VALIDATION_LOSS], batch_size=1)

    def on_train_epoch_end(self) -> None:
        if any(parameter[~mask].any() for parameter, mask in self._held):
            raise MaskError(
                f"after epoch {self.current_epoch + 1} a pruned weight is not zero: the masks were "
                "not applied after an optimiser step"
            )
        row = {
            "epoch": self._phase.first_epoch + self.current_epoch,
            "phase": self._phase.name,
            "examples": self._objective.examples,
            "learning_rate": self.optimizers().param_groups[0]["lr"],  # type: ignore[union-attr]
            "train_loss": self._train_loss / self._objective.examples,
            **self._measures,
        }
        self.history.append(row)
        shown = ("train_loss", *self._measures)
        logger.info("epoch %d: %s", row["epoch"], ", ".join(f"{name} {row[name]:.4f}" for name in shown))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["history"] = self.history
        if self._grow is not None:
            checkpoint["grown"] = (self._step, self.masks)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.history = checkpoint["history"]
        if self._grow is not None:
            self._step, self._masks = checkpoint["grown"]

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        # Here and not by the trainer, which refuses to clip for a fused optimiser.
        limit = self._phase.optimisation.gradient_clip
        if limit is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit)

    def configure_optimizers(self) -> Any:
        phase = self._phase
        optimiser = make_optimiser(self.model, phase.optimisation, phase.learning_rate)
        if self._moments is not None:
            load_moments(optimiser, self.model, self._moments)
        in_epoch = math.ceil(len(self._objective) / phase.accumulate)
        optimiser.register_step_post_hook(lambda *_: self._mask(in_epoch * phase.epochs))
        over, steps = in_epoch * phase.rewound, in_epoch * (phase.rewound + phase.epochs)
        factor = warmup_cosine if phase.schedule == "cosine" else warmup_constant
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: factor((over + step) / steps, phase.warmup)
        )
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def _mask(self, last: int) -> None:
        self._step += 1
        if self._grow is not None:
            self._grow(self._held, self._step, last)
        hold_masks(self._held)


def train(module: Retriever, phase: Phase, state: Path) -> tuple[pd.DataFrame, torch.optim.Optimizer]:
    """Run a phase to its end, going on from `state` if a killed run left one there.

    Args:
        state: a folder for the training state after each epoch; the caller removes it at the end.

    Returns:
        The history, one row an epoch with the columns HISTORY and the objective's measures, and the
        optimiser.
    """
    callbacks: list[Callback] = [
        ModelCheckpoint(
            dirpath=state,
            filename="last",
            monitor=None,
            save_top_k=1,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        ),
    ]
    if phase.patience is not None:
        callbacks.append(EarlyStopping(VALIDATION_LOSS, patience=phase.patience))
    trainer = pl.Trainer(
        max_epochs=phase.epochs,
        accelerator="auto",
        devices=1,
        precision="bf16-mixed" if phase.precision == "bf16" else "32-true",
        accumulate_grad_batches=phase.accumulate,
        callbacks=callbacks,
        logger=False,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        enable_model_summary=False,
        # In a log file the line that each epoch writes is the progress.
        enable_progress_bar=sys.stderr.isatty(),
    )
    last = state / "last.ckpt"
    if last.is_file():
        logger.info("going on from %s", last)
    module.model.train()  # from_pretrained leaves it in evaluation mode, which Lightning keeps
    trainer.fit(module, ckpt_path=last if last.is_file() else None, weights_only=False)
    module.cpu()
    history = pd.DataFrame(module.history).reindex(columns=[*HISTORY, *module._objective.measures])
    return history, trainer.optimizers[0]
