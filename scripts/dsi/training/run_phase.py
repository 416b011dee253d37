"""A phase of either task from its start to its outputs: trained, written, ranked with."""

import shutil
from collections.abc import Callable
from pathlib import Path

from safetensors.torch import save_file

from dsi.base.files import replacing_files
from dsi.pruning.in_training import PruningInTraining
from dsi.training.loop import train
from dsi.training.objective import Objective
from dsi.training.optimisation import optimiser_moments
from dsi.training.phase import Phase
from dsi.training.retriever import Retriever
from dsi.training.start import Start


def run_phase(
    start: Start,
    phase: Phase,
    objective: Objective,
    *,
    pruning: PruningInTraining | None,
    state: Path,
    output: Path,
    write: Callable[[Path], None],
    rank: Callable[[], None],
) -> None:
    """Train through a phase, going on from a killed run's state; write the checkpoint and rank with it.

    Beside the checkpoint are history.parquet, after E1 optimizer.safetensors, and with pruning
    masks.safetensors and sparsity.json.

    Args:
        pruning: how the start's masks change; None: they stay as they are.
        state: folder of this training's state, removed once everything is written.
        output: folder of the checkpoint.
        write: writes the trained model's checkpoint into a folder, as `dsi.model.checkpoint.save_checkpoint`.
        rank: ranks with the checkpoint in `output`.
    """
    module = Retriever(start, phase, objective, pruning.growth() if pruning else None)
    history, optimiser = train(module, state)
    with replacing_files(output) as folder:
        write(folder)
        history.to_parquet(folder / "history.parquet", index=False)
        if phase.name == "E1":
            save_file(optimiser_moments(optimiser, start.model), folder / "optimizer.safetensors")
        if pruning is not None:
            pruning.write(module.masks, folder, start.stored)
    rank()
    shutil.rmtree(state)
