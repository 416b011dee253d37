"""The options that the training commands of both tasks share; each adds its settings and files."""

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from dsi.base.command import command_parser
from dsi.pruning.in_training import PruningInTraining, pruning_in_training


@dataclass(frozen=True, kw_only=True)
class TrainingArguments:
    """A phase of training: what it reads, what it writes, and what its results depend on."""

    phase: Literal["E1", "E2"]
    seed: int
    threads: int
    collection: Path
    tokenizer: Path
    start: Path | None
    masks: Path | None
    moments: Path | None
    prune: PruningInTraining | None
    output: Path
    run: Path
    outputs: Path
    state: Path
    keep: bool
    code: str


Arguments = TypeVar("Arguments", bound=TrainingArguments)


def training_parser(description: str | None, settings: Callable[[str], object]) -> ArgumentParser:
    """A parser of the fields of `TrainingArguments`, and of --settings as the task reads them."""
    parser = command_parser(description)
    parser.add_argument("--phase", choices=["E1", "E2"], required=True)
    parser.add_argument("--settings", type=settings, required=True, help="JSON, or @FILE")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer")
    parser.add_argument("--start", type=Path, help="E2: folder of the checkpoint to go on from")
    parser.add_argument("--masks", type=Path, help="E2: masks to hold (safetensors)")
    parser.add_argument("--moments", type=Path, help="E2: optimiser state to keep (safetensors)")
    parser.add_argument(
        "--prune",
        type=pruning_in_training,
        help="E2: prune meanwhile; JSON, for example "
        '{"criterion": "gradual", "rate": 0.8, "until": 0.6, "every": 10, "stacks": ["encoder"]}',
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    parser.add_argument("--outputs", type=Path, required=True, help="parquet to write: qid, loss, …")
    parser.add_argument(
        "--state", type=Path, default=Path(".training"), help="folder for resumable training states"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep what is made in --state, too, for a run that loses it"
    )
    parser.add_argument("--code", default="", help="digest of the code, part of the state's name")
    return parser


def parsed(parser: ArgumentParser, kind: type[Arguments]) -> Arguments:
    """The arguments of the command line as a record, once they go together."""
    arguments = kind(**vars(parser.parse_args()))
    if (arguments.phase == "E2") != (arguments.start is not None):
        parser.error("--start goes with --phase E2, and E2 needs it")
    if arguments.prune is not None and (arguments.phase == "E1" or arguments.masks is not None):
        parser.error("--prune goes with --phase E2 and without --masks: it makes masks of its own")
    return arguments
