"""What the training commands of both tasks share: arguments, phases, and the name of a killed run's state.

Does not know tasks.
"""

import argparse
from pathlib import Path

from dsi.base.command import command_parser, json_object


def training_parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments of a training command; --docids and what a task needs besides are added to it."""
    parser = command_parser(description)
    parser.add_argument("--phase", choices=["E1", "E2"], required=True)
    parser.add_argument("--settings", type=json_object, required=True, help="JSON, or @FILE")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer")
    parser.add_argument("--start", type=Path, help="E2: folder of the checkpoint to go on from")
    parser.add_argument("--masks", type=Path, help="E2: masks to hold (safetensors)")
    parser.add_argument("--moments", type=Path, help="E2: optimiser state to keep (safetensors)")
    parser.add_argument("--output", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    parser.add_argument("--outputs", type=Path, required=True, help="parquet to write: qid, loss, …")
    parser.add_argument(
        "--state", type=Path, default=Path(".training"), help="folder for resumable training states"
    )
    parser.add_argument("--code", default="", help="digest of the code, part of the state's name")
    return parser


def add_generated(parser: argparse.ArgumentParser) -> None:
    """The arguments for generated pseudo-queries, of the task docid."""
    parser.add_argument("--generated", type=Path, help="generated queries (parquet: docid, query)")
    parser.add_argument("--generated-words", type=Path, help="their words (parquet: word, terms)")


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments, once they go together."""
    arguments = parser.parse_args()
    if (arguments.phase == "E2") != (arguments.start is not None):
        parser.error("--start goes with --phase E2, and E2 needs it")
    return arguments
