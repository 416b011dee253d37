"""A phase of either task from its start to its outputs: trained, written, ranked with."""

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import save_file

from dsi.base.files import replacing_files
from dsi.base.locks import FileLock, NoLocksError
from dsi.pruning.in_training import PruningInTraining
from dsi.training.devices import is_first
from dsi.training.finished import keep_finished, put_in_place
from dsi.training.loop import LAST, train
from dsi.training.objective import Objective
from dsi.training.optimisation import optimiser_moments
from dsi.training.phase import Phase
from dsi.training.retriever import Retriever
from dsi.training.start import Start

logger = logging.getLogger(__name__)


def run_phase(
    start: Start,
    phase: Phase,
    objective: Objective,
    *,
    pruning: PruningInTraining | None,
    state: Path,
    keep: bool,
    output: Path,
    write: Callable[[Path], None],
    rank: Callable[[], None],
    ranked: Sequence[Path],
) -> None:
    """Train through a phase, going on from a killed run's state; write the checkpoint and rank with it.

    Beside the checkpoint are history.parquet, after E1 optimizer.safetensors, and with pruning
    masks.safetensors and sparsity.json. What the same training has made and kept is put in place.

    Args:
        pruning: how the start's masks change; None: they stay as they are.
        state: folder of this training's state, removed once everything is written.
        keep: what is made stays there, until the run that started this has recorded it.
        output: folder of the checkpoint.
        write: writes the trained model's checkpoint into a folder, as `dsi.model.checkpoint.save_checkpoint`.
        rank: ranks with the checkpoint in `output`; ranked: the files that it writes.
    """
    module = Retriever(start, phase, objective, pruning.growth() if pruning else None)
    if not is_first():  # which holds the lock, writes and ranks
        train(module, state)
        return
    with _alone(state):
        if put_in_place(state, ranked):
            logger.info("this training had been done and not been recorded: put in place from %s", state)
            return
        history, optimiser = train(module, state)
        with replacing_files(output) as folder:
            write(folder)
            history.to_parquet(folder / "history.parquet", index=False)
            if phase.name == "E1":
                save_file(optimiser_moments(optimiser, start.model), folder / "optimizer.safetensors")
            if pruning is not None:
                pruning.write(module.masks, folder, start.stored)
            written = [output / path.name for path in folder.iterdir()]
        rank()
        _close(state, [*written, *ranked] if keep else [])


def _close(state: Path, kept: Sequence[Path]) -> None:
    """Remove what a training goes on from; files to keep take its place."""
    if kept:
        keep_finished(kept, state)
        (state / LAST).unlink()
    else:
        shutil.rmtree(state)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Wait until no other process trains with this state."""
    lock = FileLock(state.with_suffix(".lock"))
    try:
        lock.wait(logger.info)
    except NoLocksError as error:
        logger.warning("%s: nothing keeps a second training from using the same state", error)
    try:
        yield
    finally:
        lock.release(remove=True)
