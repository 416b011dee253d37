"""Training a docid retriever with Lightning: batches, losses, schedules, masks, history, resume.

Indexing and retrieval are trained jointly: each epoch mixes fresh pseudo-queries of every document with
training queries, and part of the loss pulls P(docid | query) towards BM25's scores over the same text
(Chen et al. 2023, "Understanding Differential Search Index for Text Retrieval"). Everything random in
an epoch follows from (seed, epoch), so a resumed run equals an uninterrupted one, and arms that share
a seed share their data. Does not know where files lie, nor what a rate is.
"""

import logging
import math
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import lightning.pytorch as pl
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from tokenizers import Tokenizer
from torch.utils.data import DataLoader, IterableDataset
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.bm25 import Bm25Scorer
from dsi.masks import masks_hold
from dsi.model import docid_logits, pad_batch
from dsi.pseudo_queries import PseudoQuerySampler
from dsi.ranking import measures_of_scores

# Batches are sorted by length within this many, then shuffled: little padding, yet mixed epochs.
BUCKET_BATCHES = 8
HISTORY = (
    "epoch",
    "phase",
    "examples",
    "learning_rate",
    "train_loss",
    "validation_loss",
    "validation_MAP",
    "validation_R@10",
    "validation_R@1000",
)

logger = logging.getLogger(__name__)


class MaskError(RuntimeError):
    """A pruned weight is not zero any more."""


class Query(NamedTuple):
    """A text and the columns of its relevant documents (at least one)."""

    text: str
    relevant: tuple[int, ...]


class Batch(NamedTuple):
    """input_ids, attention_mask: (B, L) int64; targets: (B, N) float32, rows sum to 1."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    targets: torch.Tensor


class Phase(NamedTuple):
    """One stretch of training with a learning-rate schedule of its own.

    first_epoch counts from 1 over both phases: E2 starts at E1 + 1.
    """

    name: Literal["E1", "E2"]
    first_epoch: int
    epochs: int
    learning_rate: float
    warmup: float
    weight_decay: float
    gradient_clip: float
    patience: int | None
    precision: Literal["bf16", "fp32"]
    seed: int


class EpochBatches(IterableDataset[Batch]):
    """The batches of one epoch after another; iterating it yields the epoch that is set.

    Args:
        sampler: of pseudo-queries over N documents.
        scorer: BM25 over the same documents, the teacher.
        tokenizer: cuts texts to the longest input.
        training_queries: mixed in.
        per_document: pseudo-queries of each document in one epoch.
        training_share: share of an epoch's examples that are training queries (none if there are
            none).
        teacher_weight, temperature: share of the target that is softmax(BM25 / temperature).
        documents: N.
    """

    def __init__(
        self,
        sampler: PseudoQuerySampler,
        scorer: Bm25Scorer,
        tokenizer: Tokenizer,
        training_queries: Sequence[Query],
        *,
        documents: int,
        per_document: int,
        training_share: float,
        teacher_weight: float,
        temperature: float,
        batch_size: int,
        seed: int,
    ) -> None:
        self._sampler = sampler
        self._scorer = scorer
        self._tokenizer = tokenizer
        self._queries = training_queries
        self._documents = documents
        self._per_document = per_document
        self._teacher_weight = teacher_weight
        self._temperature = temperature
        self._batch_size = batch_size
        self._seed = seed
        self.epoch = 1
        pseudo = documents * per_document
        self._drawn_queries = round(pseudo * training_share / (1 - training_share)) if training_queries else 0
        self.examples = pseudo + self._drawn_queries

    def __len__(self) -> int:
        return math.ceil(self.examples / self._batch_size)

    def __iter__(self) -> Iterator[Batch]:
        rng = random.Random(f"{self._seed}/{self.epoch}")
        examples = self._draw(rng)
        rng.shuffle(examples)
        encoded = self._tokenizer.encode_batch([" ".join(words) for words, _ in examples])
        for rows in bucketed([len(entry.ids) for entry in encoded], self._batch_size, rng):
            input_ids, mask = pad_batch([encoded[row].ids for row in rows])
            targets = self._targets([examples[row] for row in rows])
            yield Batch(input_ids, mask, torch.from_numpy(targets))

    def _draw(self, rng: random.Random) -> list[tuple[list[str], tuple[int, ...]]]:
        """The epoch's examples: words and relevant columns."""
        examples: list[tuple[list[str], tuple[int, ...]]] = [
            (self._sampler.sample(document, rng), (document,))
            for document in range(self._documents)
            for _ in range(self._per_document)
        ]
        drawn = rng.choices(self._queries, k=self._drawn_queries) if self._drawn_queries else []
        examples.extend((query.text.split(), query.relevant) for query in drawn)
        return examples

    def _targets(self, examples: Sequence[tuple[list[str], tuple[int, ...]]]) -> npt.NDArray[np.float32]:
        """Target distribution over documents, (len(examples), N)."""
        hard = relevance_targets([relevant for _, relevant in examples], self._documents)
        if self._teacher_weight == 0:
            return hard
        scores = self._scorer.scores([words for words, _ in examples])
        teacher = softmax(scores / self._temperature)
        # A text that matches nothing teaches nothing: a flat teacher would be noise.
        weight = self._teacher_weight * (scores.max(axis=1, keepdims=True) > 0)
        mixed: npt.NDArray[np.float32] = ((1 - weight) * hard + weight * teacher).astype(np.float32)
        return mixed


class ValidationQueries(IterableDataset[Batch]):
    """All validation queries as one batch."""

    def __init__(self, queries: Sequence[Query], tokenizer: Tokenizer, documents: int) -> None:
        encoded = tokenizer.encode_batch([query.text for query in queries])
        input_ids, mask = pad_batch([entry.ids for entry in encoded])
        targets = relevance_targets([query.relevant for query in queries], documents)
        self._batch = Batch(input_ids, mask, torch.from_numpy(targets))

    def __iter__(self) -> Iterator[Batch]:
        yield self._batch


class Retriever(pl.LightningModule):
    """The Lightning module: cross-entropy over docids, AdamW, warm-up and cosine, masks held.

    Args:
        model: T5 with N docid tokens at the end of its vocabulary.
        masks: parameter name → boolean mask, True where a weight is kept; empty for dense training.
        moments: optimiser state to go on from (see `optimiser_moments`), or None to start afresh.
    """

    def __init__(
        self,
        model: T5ForConditionalGeneration,
        phase: Phase,
        training: EpochBatches,
        validation: ValidationQueries | None,
        *,
        documents: int,
        masks: Mapping[str, torch.Tensor],
        moments: Mapping[str, torch.Tensor] | None,
    ) -> None:
        super().__init__()
        self.model = model
        self.history: list[dict[str, Any]] = []
        self._phase = phase
        self._training = training
        self._validation = validation
        self._documents = documents
        self._moments = moments
        parameters = dict(model.named_parameters())
        self._pruned = [(parameters[name], ~mask) for name, mask in masks.items()]
        self._masks = dict(masks)
        self._train_loss = 0.0
        self._validation_measures: dict[str, float] = {}

    def train_dataloader(self) -> DataLoader[Batch]:
        # Called anew for each epoch, and before the epoch's first batch is fetched, which happens
        # ahead of on_train_epoch_start.
        self._training.epoch = self._phase.first_epoch + self.current_epoch
        return DataLoader(self._training, batch_size=None)

    def val_dataloader(self) -> Any:
        return DataLoader(self._validation, batch_size=None) if self._validation else []

    def on_train_batch_start(self, _: Batch, batch_idx: int) -> None:
        if batch_idx == 0:
            self._train_loss = 0.0
            # Dropout too follows from (seed, epoch): Lightning does not store torch's generator. Here
            # and not when the epoch starts, as making the loader's iterator draws from it as well.
            epoch = self._phase.first_epoch + self.current_epoch
            torch.manual_seed(self._phase.seed * 100_003 + epoch)

    def training_step(self, batch: Batch, _: int) -> torch.Tensor:
        logits = docid_logits(self.model, batch.input_ids, batch.attention_mask, self._documents)
        loss = soft_cross_entropy(logits, batch.targets)
        self._train_loss += loss.item() * len(batch.targets)
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        # In fp32 as the final ranking is, so that the history's last row agrees with it.
        with torch.autocast(self.device.type, enabled=False):
            logits = docid_logits(self.model, batch.input_ids, batch.attention_mask, self._documents)
        loss = soft_cross_entropy(logits, batch.targets).item()
        relevant = [tuple(row.nonzero().flatten().tolist()) for row in batch.targets]
        measures = measures_of_scores(logits.cpu().numpy(), relevant)
        self._validation_measures = {
            "validation_loss": loss,
            **{f"validation_{name}": value for name, value in measures.items()},
        }
        self.log_dict(self._validation_measures, batch_size=1)

    def on_train_epoch_end(self) -> None:
        if not masks_hold(dict(self.model.named_parameters()), self._masks):
            raise MaskError(
                f"after epoch {self.current_epoch + 1} a pruned weight is not zero: the masks were "
                "not applied after an optimiser step"
            )
        row = {
            "epoch": self._phase.first_epoch + self.current_epoch,
            "phase": self._phase.name,
            "examples": self._training.examples,
            "learning_rate": self.optimizers().param_groups[0]["lr"],  # type: ignore[union-attr]
            "train_loss": self._train_loss / self._training.examples,
            **self._validation_measures,
        }
        self.history.append(row)
        logger.info(
            "epoch %d: %s",
            row["epoch"],
            ", ".join(f"{key} {row[key]:.4f}" for key in HISTORY[4:] if key in row),
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["history"] = self.history

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.history = checkpoint["history"]

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        # Here and not by the trainer, which refuses to clip for a fused optimiser.
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self._phase.gradient_clip)

    def configure_optimizers(self) -> Any:
        matrices = [parameter for parameter in self.model.parameters() if parameter.dim() > 1]
        others = [parameter for parameter in self.model.parameters() if parameter.dim() <= 1]
        groups = [
            {"params": matrices, "weight_decay": self._phase.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr=self._phase.learning_rate, fused=True)
        if self._moments is not None:
            load_moments(optimiser, self.model, self._moments)
        optimiser.register_step_post_hook(lambda *_: self._apply_masks())
        steps = len(self._training) * self._phase.epochs
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: warmup_cosine(step / steps, self._phase.warmup)
        )
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    @torch.no_grad()
    def _apply_masks(self) -> None:
        for parameter, dropped in self._pruned:
            parameter.masked_fill_(dropped, 0.0)


def train(module: Retriever, phase: Phase, state: Path) -> tuple[pd.DataFrame, torch.optim.Optimizer]:
    """Run a phase to its end, going on from `state` if a killed run left one there.

    Args:
        state: a folder for the training state after each epoch; the caller removes it at the end.

    Returns:
        The history, one row an epoch with the columns HISTORY, and the optimiser.
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
        callbacks.append(EarlyStopping("validation_loss", patience=phase.patience))
    trainer = pl.Trainer(
        max_epochs=phase.epochs,
        accelerator="auto",
        devices=1,
        precision="bf16-mixed" if phase.precision == "bf16" else "32-true",
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
    history = pd.DataFrame(module.history).reindex(columns=list(HISTORY))
    return history, trainer.optimizers[0]


def resolve_precision(configured: str) -> Literal["bf16", "fp32"]:
    """`auto` is bf16 where the device has it: a CUDA card says so itself, a processor by its flags."""
    if configured == "auto":
        if torch.cuda.is_available():
            return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
        return "bf16" if {"avx512_bf16", "amx_bf16", "bf16"} & processor_flags() else "fp32"
    return "bf16" if configured == "bf16" else "fp32"


def processor_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> set[str]:
    """The processor's flags as Linux lists them; none where the file is absent."""
    if not cpuinfo.is_file():
        return set()
    for line in cpuinfo.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


def bucketed(lengths: Sequence[int], batch_size: int, rng: random.Random) -> list[list[int]]:
    """Row numbers in batches of similar length, in random order.

    Rows are taken BUCKET_BATCHES batches at a time and sorted by length within; the last batch of the
    epoch may be smaller.
    """
    batches = []
    span = batch_size * BUCKET_BATCHES
    for first in range(0, len(lengths), span):
        rows = sorted(range(first, min(first + span, len(lengths))), key=lengths.__getitem__)
        batches += [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    rng.shuffle(batches)
    return batches


def relevance_targets(relevant: Sequence[Sequence[int]], documents: int) -> npt.NDArray[np.float32]:
    """(len(relevant), documents): uniform over each row's relevant columns."""
    targets = np.zeros((len(relevant), documents), dtype=np.float32)
    for row, columns in enumerate(relevant):
        targets[row, list(columns)] = 1 / len(columns)
    return targets


def softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Softmax of each row."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: npt.NDArray[np.float32] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def soft_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean over rows of -Σ target · log softmax(logits); both (B, N)."""
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


def warmup_cosine(progress: float, warmup: float) -> float:
    """Factor on the learning rate at a progress in [0, 1]: linear from 0 to 1, then cosine to 0."""
    if progress < warmup:
        return progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def optimiser_moments(optimiser: torch.optim.Optimizer, model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """AdamW's state by parameter name: `<name>/exp_avg`, `/exp_avg_sq` and `/step`."""
    return {
        f"{name}/{key}": value.cpu()
        for name, parameter in model.named_parameters()
        for key, value in optimiser.state[parameter].items()
    }


def load_moments(
    optimiser: torch.optim.Optimizer, model: torch.nn.Module, moments: Mapping[str, torch.Tensor]
) -> None:
    """Put AdamW's state back, as `optimiser_moments` gave it."""
    for name, parameter in model.named_parameters():
        optimiser.state[parameter] = {
            key: moments[f"{name}/{key}"].clone() for key in ("step", "exp_avg", "exp_avg_sq")
        }
