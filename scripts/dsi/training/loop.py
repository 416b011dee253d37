"""A phase of training with Lightning, from its first epoch or from where a killed run stopped."""

import logging
import signal
import sys
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import lightning.pytorch as pl
import pandas as pd
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason
from lightning.pytorch.plugins.io import TorchCheckpointIO

from dsi.base.artefacts import ArtefactError, unreadable
from dsi.base.files import replacing
from dsi.training.devices import check_devices, end_others, expect_others, is_first
from dsi.training.objective import VALIDATION_LOSS
from dsi.training.phase import Phase
from dsi.training.quiet import leave_out_advertisements
from dsi.training.retriever import Retriever
from dsi.training.settings import SettingsError

# The columns of every history; an objective's own measures follow.
HISTORY = ("epoch", "phase", "examples", "learning_rate", "train_loss")

LAST = "last.ckpt"  # the state after the last whole epoch

logger = logging.getLogger(__name__)


class _WholeFiles(TorchCheckpointIO):
    """Writes a state beside its final name and moves it there: by itself Lightning may copy it from /tmp."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        with replacing(Path(path)) as temporary:
            torch.save(checkpoint, temporary)


class _Patience(EarlyStopping):
    """Early stopping that a resumed run remembers: what had ended is over, and nothing is fitted again."""

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.should_stop = self.stopping_reason is not EarlyStoppingReason.NOT_STOPPED


class _OwnSignals(Callback):
    """Leaves SIGTERM to who had it before the training.

    Lightning answers it with a broadcast, in the middle of whatever processes are telling each other.
    """

    def __init__(self) -> None:
        self._handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        signal.signal(signal.SIGTERM, self._handler)


def train(module: Retriever, state: Path) -> tuple[pd.DataFrame, torch.optim.Optimizer]:
    """Run a retriever's phase to its end, going on from `state` if a killed run left one there.

    Args:
        state: a folder for the training state after each epoch; the caller removes it at the end.

    Returns:
        The history, one row an epoch with the columns HISTORY and the objective's measures, and the
        optimiser.

    Raises:
        ArtefactError: the state in the folder cannot be read.
        DivergenceError: a loss or a weight is not finite; `state` holds the last whole epoch.
        SettingsError: a patience without a validation loss, or more devices than there are.
    """
    phase = module.phase
    if phase.patience is not None and not module.objective.validated:
        raise SettingsError(
            f"training.patience: found {phase.patience}, but no validation loss to wait for, as no validation"
            " query has a relevant document (for task ranked-list a BM25 list); expected patience: null, or"
            " such queries, for example split: {train: 0.7, validation: 0.1, test: 0.2}"
        )
    check_devices(phase.devices)
    if phase.devices > 1 and is_first():
        expect_others()
    leave_out_advertisements()
    trainer = _trainer(state, phase)
    last = last_state(state)
    module.model.train()  # from_pretrained leaves it in evaluation mode, which Lightning keeps
    try:
        trainer.fit(module, ckpt_path=last, weights_only=True)
    except BaseException:
        end_others(trainer)
        raise
    module.cpu()
    history = pd.DataFrame(module.history).reindex(columns=[*HISTORY, *module.objective.measures])
    return history, trainer.optimizers[0]


def _trainer(state: Path, phase: Phase) -> pl.Trainer:
    """Lightning's, for a phase."""
    return pl.Trainer(
        max_epochs=phase.epochs,
        accelerator="auto",
        devices=phase.devices,
        strategy="auto" if phase.devices == 1 else "ddp",
        precision="bf16-mixed" if phase.precision == "bf16" else "32-true",
        accumulate_grad_batches=phase.accumulate,
        callbacks=_callbacks(state, phase),
        # Under Slurm, too, Lightning starts the processes: Snakemake gives a job one task there.
        plugins=[_WholeFiles()] if phase.devices == 1 else [_WholeFiles(), LightningEnvironment()],
        logger=False,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,
        enable_model_summary=False,
        # In a log file the line that each epoch writes is the progress.
        enable_progress_bar=sys.stderr.isatty(),
    )


def last_state(state: Path) -> Path | None:
    """The file of a killed run's last whole epoch; None where it left none.

    Read as tensors and plain values alone: a pickle can hold any code, which loading it would run.

    Raises:
        ArtefactError: it is cut, or holds anything else.
    """
    last = state / LAST
    if not last.is_file():
        return None
    try:
        torch.load(last, map_location="cpu", weights_only=True, mmap=True)
    except (RuntimeError, OSError, EOFError, UnpicklingError) as error:
        raise ArtefactError(
            f"{unreadable(last, error)}; the training then starts with its first epoch"
        ) from error
    logger.info("going on from %s", last)
    return last


def _callbacks(state: Path, phase: Phase) -> list[Callback]:
    """What saves the state after each epoch, and what ends the training early."""
    saving = ModelCheckpoint(
        dirpath=state,
        filename=LAST.removesuffix(".ckpt"),
        monitor=None,
        save_top_k=1,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    patience = [] if phase.patience is None else [_Patience(VALIDATION_LOSS, patience=phase.patience)]
    return [saving, *patience, *([_OwnSignals()] if phase.devices > 1 else [])]
