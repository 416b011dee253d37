"""The options that every pruning command has: what to prune, and what to rank with it."""

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dsi.base.command import command_parser
from dsi.pruning.registry import CRITERIA, LooksAt
from dsi.pruning.selection import Selection, add_selection


@dataclass(frozen=True, kw_only=True)
class PruningArguments:
    """What to prune, how far and where to; which collection to rank then, and where run and outputs go.

    Each command adds its `settings`. threads: of the ranking; weights are pruned on one.
    """

    checkpoint: Path
    criterion: str
    rate: float
    seed: int
    selection: Selection
    collection: Path
    threads: int
    output: Path
    run: Path
    outputs: Path


Arguments = TypeVar("Arguments", bound=PruningArguments)


def pruning_parser(
    description: str | None, settings: Callable[[str], object], *looks_at: LooksAt
) -> ArgumentParser:
    """A parser of the fields of `PruningArguments`, with criteria that look at that, and of --settings."""
    parser = command_parser(description)
    parser.add_argument("checkpoint", type=Path, help="folder of the dense checkpoint")
    criteria = [name for name, criterion in CRITERIA.items() if criterion.looks_at in looks_at]
    parser.add_argument("--criterion", choices=criteria, required=True)
    parser.add_argument("--rate", type=float, required=True, help="fraction of each layer's weights")
    parser.add_argument("--seed", type=int, default=0, help="of what is random")
    add_selection(parser)
    parser.add_argument("--settings", type=settings, required=True, help="JSON, or @FILE")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads of the ranking")
    parser.add_argument("--output", type=Path, required=True, help="folder of the pruned checkpoint")
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    parser.add_argument("--outputs", type=Path, required=True, help="parquet to write: qid, loss, …")
    return parser


def parsed(parser: ArgumentParser, kind: type[Arguments]) -> Arguments:
    """The arguments of the command line as a record."""
    given = vars(parser.parse_args())
    selection = Selection(*(given.pop(name) for name in Selection._fields))
    return kind(**given, selection=selection)
