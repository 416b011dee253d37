"""A phase of training a ranked-list retriever: random or pre-trained weights (E1), or a checkpoint (E2)."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.base.command import UserError
from dsi.base.process import prepare_torch
from dsi.collection.splits import TEST, TRAIN, VALIDATION
from dsi.docids.tokenizer import load_tokenizer
from dsi.model.checkpoint import LIST_TASK, load_t5, save_checkpoint
from dsi.model.t5 import build_t5
from dsi.ranking.list_task import ListSettings, ListTask, write_lists
from dsi.training.arguments import TrainingArguments
from dsi.training.devices import begin_beside_the_first
from dsi.training.list_settings import ListTrainingSettings
from dsi.training.objectives.ranked_list import ListExamples, ListObjective, ListTraining
from dsi.training.phase import describe_phase
from dsi.training.run_phase import run_phase
from dsi.training.settings import SettingsError
from dsi.training.start import start_of
from dsi.training.state import MODEL_FILES, state_key

COLLECTION_FILES = ("documents", "queries", "topk")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ListArguments(TrainingArguments):
    """A phase of training of the task `ranked-list`; weights: folder of pre-trained ones, None for random."""

    settings: ListTrainingSettings
    weights: Path | None


def train_lists(arguments: ListArguments) -> None:
    """Train, and write the checkpoint, its run and its outputs.

    Raises:
        CheckpointError: the start or the pre-trained weights are not a T5's.
        PruningError: the weights that --prune selects are not there.
        SettingsError: a section is missing that the phase needs.
        UserError: no training query has a list.
    """
    settings = arguments.settings
    begin_beside_the_first()
    prepare_torch(arguments.threads)
    task = ListTask.read(arguments.collection, arguments.tokenizer, generated_lists(settings))
    phase = describe_phase(arguments.phase, settings.training, settings.recovery, arguments.seed)
    model = starting_point(arguments)

    run_phase(
        start_of(model, arguments, settings.untie),
        phase,
        list_objective(task, settings, arguments.seed),
        pruning=arguments.prune,
        state=arguments.state / state_key(arguments, settings, phase, inputs(arguments)),
        keep=arguments.keep,
        output=arguments.output,
        write=partial(write_checkpoint, arguments, task, model),
        rank=lambda: write_lists(load_t5(arguments.output), task, arguments.run, arguments.outputs),
        ranked=(arguments.run, arguments.outputs),
    )


def generated_lists(settings: ListTrainingSettings) -> ListSettings:
    """What the settings say of the lists themselves."""
    return ListSettings(
        k=settings.k,
        depth=settings.depth,
        constrained=settings.generation.method == "constrained",
        full=settings.generation.length == "full",
        max_tokens=settings.training.max_tokens,
        numbers=settings.docid_names == "numbers",
    )


def starting_point(arguments: ListArguments) -> T5ForConditionalGeneration:
    """The model before the first step: random, pre-trained, or the checkpoint to go on from."""
    folder = arguments.start or arguments.weights
    if folder is not None:
        return load_t5(folder)
    architecture = arguments.settings.architecture
    if architecture is None:
        raise SettingsError("settings: found no architecture and no --weights, expected one of them")
    vocabulary = load_tokenizer(arguments.tokenizer).get_vocab_size()
    return build_t5(architecture, vocabulary, arguments.seed)


def list_objective(task: ListTask, settings: ListTrainingSettings, seed: int) -> ListObjective:
    """Training queries that have a target, validation queries, and test queries if they are tracked.

    Raises:
        UserError: no training query has a target.
    """
    examples = {split: task.examples(split) for split in (TRAIN, VALIDATION, TEST)}
    training = [example for example in examples[TRAIN] if example.found]
    logger.info("%d of %d training queries have a target", len(training), len(examples[TRAIN]))
    if not training:
        raise UserError(
            "found no training query with a BM25 list; a ranked-list model is trained on queries only, so "
            "split.train must leave it some, for example split: {train: 0.7, validation: 0.1, test: 0.2}"
        )
    return ListObjective(
        ListExamples(training, examples[VALIDATION], examples[TEST] if settings.track_test else []),
        task.generation,
        task.topk,
        ListTraining(
            k=settings.k,
            batch_size=settings.training.rows_per_batch,
            published_batch=settings.training.batch_size,
            count_padding=settings.count_padding,
            seed=seed,
        ),
    )


def write_checkpoint(
    arguments: ListArguments, task: ListTask, model: T5ForConditionalGeneration, folder: Path
) -> None:
    """Write the trained model into a folder, with its tokenizer and docids, and how it generates."""
    settings = arguments.settings
    task.describe_generation(model)
    described = {
        "task": LIST_TASK,
        "max_tokens": settings.training.max_tokens,
        "k": settings.k,
        "constrained": settings.generation.method == "constrained",
    }
    save_checkpoint(model, arguments.tokenizer, task.docids, folder, described)


def inputs(arguments: ListArguments) -> list[Path]:
    """The files that a training depends on, besides those that `state_key` adds itself."""
    weights = [arguments.weights / name for name in MODEL_FILES] if arguments.weights else []
    return [*(arguments.collection / f"{name}.parquet" for name in COLLECTION_FILES), *weights]
