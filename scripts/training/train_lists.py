"""Train a ranked-list retriever, the study's task: E1, or onwards from a checkpoint (E2).

    python scripts train_lists --phase E1 --seed 1 --threads 1 --settings @settings.json \\
        --collection results/msmarco/collection --tokenizer results/msmarco/models/t5-small/tokenizer \\
        --weights results/msmarco/models/t5-small \\
        --output results/msmarco/baselines/t5-small-k5/seed1/dense \\
        --run results/msmarco/runs/baselines/t5-small-k5/seed1/dense.trec.gz \\
        --outputs results/msmarco/runs/baselines/t5-small-k5/seed1/dense.outputs.parquet

    python scripts train_lists --phase E2 --start results/msmarco/pruned/…/magnitude-0.2 \\
        --masks results/msmarco/pruned/…/magnitude-0.2/masks.safetensors …

--settings is JSON with a baseline's k, architecture (null for pre-trained weights), training,
count_padding, generation and track_test, recovery for E2, and the keys depth and untie (whether E2 gives
the output head weights of its own). A killed run goes on from its last whole epoch when it is started
again with the same inputs and --code. The lists of the checkpoint are generated here too: another
process would pay for the imports again.
"""

import argparse
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.command import UserError, run
from dsi.base.files import replacing_files
from dsi.base.process import prepare_torch
from dsi.collection.splits import TEST, TRAIN, VALIDATION
from dsi.docids.tokenizer import load_tokenizer
from dsi.model.checkpoint import LIST_TASK, CheckpointError, load_t5, save_checkpoint
from dsi.model.masks import Tensors
from dsi.model.t5 import build_t5, untie_head
from dsi.ranking.list_task import ListTask, write_lists
from dsi.training.arguments import parsed, training_parser
from dsi.training.loop import Held, Retriever, train
from dsi.training.objectives.ranked_list import ListObjective
from dsi.training.optimisation import optimiser_moments
from dsi.training.phase import describe_phase, rows_per_batch
from dsi.training.state import state_key

COLLECTION_FILES = ("documents", "queries", "topk")

logger = logging.getLogger(__name__)


def main() -> None:
    arguments = parse_arguments()
    train_and_rank(arguments, load_file(arguments.masks) if arguments.masks else {})


def train_and_rank(
    arguments: argparse.Namespace, masks: Tensors, grow: Callable[[Held, int, int], object] | None = None
) -> Tensors:
    """Run a phase, write its checkpoint and rank with it; the masks as they are at its end."""
    settings = arguments.settings
    prepare_torch(arguments.threads)
    task = ListTask.read(arguments.collection, arguments.tokenizer, settings)
    phase = describe_phase(arguments.phase, settings, arguments.seed)
    try:
        model = starting_point(arguments)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    if phase.name == "E2" and settings["untie"]:
        untie_head(model)
    module = Retriever(
        model,
        phase,
        objective(task, settings, arguments.seed),
        masks=masks,
        moments=load_file(arguments.moments) if arguments.moments else None,
        grow=grow,
    )
    state = arguments.state / state_key(arguments, inputs(arguments))
    history, optimiser = train(module, phase, state)

    task.describe_generation(model)
    with replacing_files(arguments.output) as folder:
        save_checkpoint(model, arguments.tokenizer, task.docids, folder, described(settings))
        history.to_parquet(folder / "history.parquet", index=False)
        if arguments.phase == "E1":
            save_file(optimiser_moments(optimiser, model), folder / "optimizer.safetensors")
    write_lists(load_t5(arguments.output), task, arguments.run, arguments.outputs)
    shutil.rmtree(state)
    return module.masks


def parse_arguments() -> argparse.Namespace:
    parser = training_parser(__doc__)
    parser.add_argument("--weights", type=Path, help="E1: folder of pre-trained weights")
    arguments = parsed(parser)
    random_start = arguments.settings["architecture"] is not None
    if arguments.phase == "E1" and random_start == (arguments.weights is not None):
        parser.error("E1 starts from --weights or from an architecture in --settings, not both or neither")
    return arguments


def starting_point(arguments: argparse.Namespace) -> T5ForConditionalGeneration:
    """The model before the first step: random, pre-trained, or the checkpoint to go on from."""
    folder = arguments.start or arguments.weights
    if folder is not None:
        return load_t5(folder)
    vocabulary = load_tokenizer(arguments.tokenizer).get_vocab_size()
    return build_t5(arguments.settings["architecture"], vocabulary, arguments.seed)


def described(settings: dict[str, Any]) -> dict[str, Any]:
    """What the checkpoint's inputs and outputs stand for."""
    return {
        "task": LIST_TASK,
        "max_tokens": settings["training"]["max_tokens"],
        "k": settings["k"],
        "constrained": settings["generation"]["method"] == "constrained",
    }


def objective(task: ListTask, settings: dict[str, Any], seed: int) -> ListObjective:
    """Training queries that have a target, validation queries, and test queries if they are tracked."""
    examples = {split: task.examples(split) for split in (TRAIN, VALIDATION, TEST)}
    training = [example for example in examples[TRAIN] if example.found]
    logger.info("%d of %d training queries have a target", len(training), len(examples[TRAIN]))
    if not training:
        raise UserError(
            "found no training query with a BM25 list; a ranked-list model is trained on queries only, so "
            "split.train must leave it some, for example split: {train: 0.7, validation: 0.1, test: 0.2}"
        )
    return ListObjective(
        training,
        examples[VALIDATION],
        examples[TEST] if settings["track_test"] else [],
        task.generation,
        task.topk,
        k=settings["k"],
        batch_size=rows_per_batch(settings),
        published_batch=settings["training"]["batch_size"],
        count_padding=settings["count_padding"],
        seed=seed,
    )


def inputs(arguments: argparse.Namespace) -> list[Path]:
    """The files that a training depends on, besides those that `state_key` adds itself."""
    weights = [arguments.weights / "model.safetensors"] if arguments.weights else []
    return [*(arguments.collection / f"{name}.parquet" for name in COLLECTION_FILES), *weights]


if __name__ == "__main__":
    run(main)
