"""Trainings that several processes share: `python tests/training/together.py FOLDER TOKENIZER LISTS DEVICES`.

Lightning starts the other processes with this command, so that it is a file of its own. Each process writes
what it has at the end of each case, FOLDER/DEVICES/CASE/RANK.safetensors, and the first one the history.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from safetensors.torch import save_file

from dsi.docids.tokenizer import load_tokenizer
from dsi.pruning.gradual import GradualSettings
from dsi.pruning.in_training import PruningInTraining
from dsi.pruning.movement import MovementSettings
from dsi.training.devices import begin_beside_the_first, is_first
from dsi.training.loop import train
from dsi.training.objectives import docid
from dsi.training.objectives.ranked_list import ListExamples, ListObjective, ListTraining
from dsi.training.phase import Phase
from dsi.training.retriever import Retriever
from dsi.training.start import Start
from tests.ranking import tiny_lists
from tests.training.conftest import PHASE, examples, retriever, sequence_objective, sequence_start

TWO = PHASE._replace(epochs=2)
# In most cases 7 batches an epoch, of which one has 5 rows.
CASES: dict[str, Callable[[Path, Path, Phase], Retriever]] = {}


class KilledError(Exception):
    """Stands for what ends all processes of a training at once."""


def case(make: Callable[[Path, Path, Phase], Retriever]) -> Callable[[Path, Path, Phase], Retriever]:
    CASES[make.__name__] = make
    return make


@case
def masked(folder: Path, _: Path, phase: Phase) -> Retriever:
    generator = torch.Generator().manual_seed(1)
    masks = {
        name: torch.rand(weight.shape, generator=generator) < 0.5
        for name, weight in retriever(folder).model.named_parameters()
        if weight.dim() > 1 and "shared" not in name
    }
    return retriever(folder, phase, dropout=0.0, masks=masks)


@case
def accumulated(folder: Path, _: Path, phase: Phase) -> Retriever:
    """The last step of an epoch has one batch alone."""
    return retriever(folder, phase._replace(accumulate=2, checkpointing=True), dropout=0.0)


@case
def patient(folder: Path, _: Path, phase: Phase) -> Retriever:
    """Ended after two epochs, as the second one is no better than the first."""
    return retriever(folder, phase._replace(epochs=9, patience=1, learning_rate=0.0), dropout=0.0)


@case
def sparse(folder: Path, _: Path, phase: Phase) -> Retriever:
    """Targets of few documents and the loss in chunks; the last batch has a single row."""
    module = retriever(folder, phase, dropout=0.0)
    drawn = examples(folder)
    drawn._drawing = drawn._drawing._replace(batch_size=drawn.count - 1)
    module.objective = docid.DocidObjective(drawn, [])
    module._epochs._objective = module.objective
    return module


@case
def several_tokens(folder: Path, _: Path, phase: Phase) -> Retriever:
    start = sequence_start("semantic", folder)
    return Retriever(Start(start.model), phase, sequence_objective(start, folder))


@case
def lists(_: Path, folder: Path, phase: Phase) -> Retriever:
    """Lists of different lengths, whose padding is not in the loss; three of them for two processes."""
    tokenizer = load_tokenizer(folder)
    made = tiny_lists.examples(tokenizer)
    chosen = ListExamples([made[0], made[1], made[1]._replace(input_ids=made[0].input_ids)], made[:2], [])
    settings = ListTraining(2, 3, 3, count_padding=False, seed=1)
    objective = ListObjective(chosen, tiny_lists.generation(tokenizer), tiny_lists.topk(), settings)
    return Retriever(Start(tiny_lists.model(tokenizer)), phase, objective)


def growing(
    pruning: PruningInTraining, folder: Path, _: Path, phase: Phase, dropout: float = 0.0
) -> Retriever:
    masks = pruning.first_masks(dict(retriever(folder).model.named_parameters()))
    return retriever(folder, phase, pruning.growth(), dropout=dropout, masks=masks)


CASES["gradual"] = partial(growing, PruningInTraining("gradual", 0.8, GradualSettings(0.5, 3)))
MOVEMENT = PruningInTraining("movement", 0.8, MovementSettings(0.1, 0.2))
CASES["movement"] = partial(growing, MOVEMENT)


def write(module: Retriever, history: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    held = {f"mask/{name}": mask for name, mask in module.masks.items()}
    weights = {name: weight.detach() for name, weight in module.model.named_parameters()}
    save_file({**weights, **held}, folder / f"{module.global_rank}.safetensors")
    (folder / f"{module.global_rank}.seed").write_text(str(torch.initial_seed()))  # of the last epoch
    if is_first():
        history.to_parquet(folder / "history.parquet")


def resumed(module: Callable[[], Retriever], folder: Path) -> None:
    """Trained at one go, and killed in the second epoch and trained on; with dropout."""
    whole = module()
    history, _ = train(whole, folder / "state-whole")
    write(whole, history, folder / "whole")
    killed = module()
    original = killed.on_train_batch_start

    def stop(batch: Any, batch_idx: int) -> None:
        if killed.current_epoch == 1 and batch_idx == 3:
            raise KilledError
        original(batch, batch_idx)

    killed.on_train_batch_start = stop  # type: ignore[method-assign]
    try:
        train(killed, folder / "state-resumed")
    except KilledError:
        again = module()
        history, _ = train(again, folder / "state-resumed")
        write(again, history, folder / "resumed")


def main() -> None:
    folder, tokenizer, lists_tokenizer = map(Path, sys.argv[1:4])
    devices = int(sys.argv[4])
    begin_beside_the_first()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    phase = TWO._replace(devices=devices)
    for name, make in CASES.items():
        module = make(tokenizer, lists_tokenizer, phase)
        with patch.object(docid, "DENSE", 1 if name == "sparse" else docid.DENSE):
            history, _ = train(module, folder / str(devices) / f"state-{name}")
        write(module, history, folder / str(devices) / name)
    with_dropout = partial(growing, MOVEMENT, tokenizer, lists_tokenizer, phase, dropout=0.1)
    resumed(with_dropout, folder / str(devices))


if __name__ == "__main__":
    main()
