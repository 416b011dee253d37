"""A phase of training with Lightning, from its first epoch or from where a killed run stopped."""

import logging
import sys
from pathlib import Path

import lightning.pytorch as pl
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint

from dsi.training.objective import VALIDATION_LOSS
from dsi.training.retriever import Retriever

# The columns of every history; an objective's own measures follow.
HISTORY = ("epoch", "phase", "examples", "learning_rate", "train_loss")

logger = logging.getLogger(__name__)


def train(module: Retriever, state: Path) -> tuple[pd.DataFrame, torch.optim.Optimizer]:
    """Run a retriever's phase to its end, going on from `state` if a killed run left one there.

    Args:
        state: a folder for the training state after each epoch; the caller removes it at the end.

    Returns:
        The history, one row an epoch with the columns HISTORY and the objective's measures, and the
        optimiser.
    """
    phase = module.phase
    trainer = pl.Trainer(
        max_epochs=phase.epochs,
        accelerator="auto",
        devices=1,
        precision="bf16-mixed" if phase.precision == "bf16" else "32-true",
        accumulate_grad_batches=phase.accumulate,
        callbacks=_callbacks(state, phase.patience),
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
    history = pd.DataFrame(module.history).reindex(columns=[*HISTORY, *module.objective.measures])
    return history, trainer.optimizers[0]


def _callbacks(state: Path, patience: int | None) -> list[Callback]:
    """What saves the state after each epoch, and what ends the training early."""
    saving = ModelCheckpoint(
        dirpath=state,
        filename="last",
        monitor=None,
        save_top_k=1,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    return [saving] if patience is None else [saving, EarlyStopping(VALIDATION_LOSS, patience=patience)]
