"""One stretch of training: its epochs, schedule, optimiser and precision."""

from pathlib import Path
from typing import Literal, NamedTuple

import torch

from dsi.training.settings import RecoverySettings, SettingsError, TrainingSettings


class Optimisation(NamedTuple):
    """An optimiser and its settings.

    name: adamw (decoupled weight decay), adam (Kingma & Ba 2015, decay added to the gradient) or
    adafactor (Shazeer & Stern 2018: for matrices a row and a column of second moments, no first ones).
    weight_decay: of matrices only. gradient_clip: largest norm of the gradient, None for no limit.
    """

    name: Literal["adamw", "adam", "adafactor"]
    betas: tuple[float, float]
    eps: float
    weight_decay: float
    gradient_clip: float | None


class Phase(NamedTuple):
    """One stretch of training with a learning-rate schedule of its own.

    first_epoch counts from 1 over both phases: E2 starts at E1 + 1. warmup: fraction of the steps;
    then the rate is constant or falls to 0 along a cosine. accumulate: batches whose gradients make one
    step. checkpointing: recompute activations in the backward pass instead of keeping them. rewound:
    epochs of the schedule that are over before the first one: it is that of rewound + epochs. devices:
    processes that share each batch.
    """

    name: Literal["E1", "E2"]
    first_epoch: int
    epochs: int
    learning_rate: float
    warmup: float
    schedule: Literal["cosine", "constant"]
    optimisation: Optimisation
    accumulate: int
    checkpointing: bool
    patience: int | None
    precision: Literal["bf16", "fp32"]
    seed: int
    rewound: int = 0
    devices: int = 1

    @property
    def last_epoch(self) -> int:
        """Counted as the first."""
        return self.first_epoch + self.epochs - 1


def resolve_precision(configured: str) -> Literal["bf16", "fp32"]:
    """`auto` is bf16 where the device has it: a CUDA card says so itself, a processor by its flags."""
    if configured == "auto":
        if torch.cuda.is_available():
            # Without what torch emulates for older cards, which is slow and saves no memory.
            return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
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


def describe_phase(
    name: Literal["E1", "E2"], training: TrainingSettings, recovery: RecoverySettings | None, seed: int
) -> Phase:
    """E1 follows the section `training`; E2 has epochs, learning rate and warm-up of its own.

    E2 has no patience: arms that are compared would differ in length, and masks stop below their rate.
    Rewound, E2 repeats the learning rates of E1's last epochs (Renda et al. 2020, "Comparing rewinding and
    fine-tuning in neural network pruning").

    Raises:
        SettingsError: E2 without a section `recovery`, or with a patience.
    """
    first_epoch, epochs, rewound = 1, training.epochs, 0
    schedule: TrainingSettings | RecoverySettings = training
    if name == "E2":
        if recovery is None:
            raise SettingsError("settings: found no recovery with --phase E2, expected its epochs and rates")
        if training.patience is not None:
            raise SettingsError(
                f"settings: found patience {training.patience} with --phase E2, expected null"
            )
        first_epoch, epochs = training.epochs + 1, recovery.epochs
        if recovery.rewind:
            rewound = training.epochs - recovery.epochs
        else:
            schedule = recovery
    return Phase(
        name=name,
        first_epoch=first_epoch,
        epochs=epochs,
        learning_rate=schedule.learning_rate,
        warmup=schedule.warmup,
        schedule=training.schedule,
        optimisation=_optimisation(training),
        accumulate=training.accumulate,
        checkpointing=training.checkpointing,
        patience=training.patience,
        precision=resolve_precision(training.precision),
        seed=seed,
        rewound=rewound,
        devices=training.devices,
    )


def _optimisation(training: TrainingSettings) -> Optimisation:
    first, second = training.betas
    return Optimisation(
        name=training.optimiser,
        betas=(first, second),
        eps=training.eps,
        weight_decay=training.weight_decay,
        gradient_clip=training.gradient_clip,
    )
