"""What the training commands of both tasks share: arguments, phases, and the name of a killed run's state.

Does not know tasks.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dsi.command import json_object
from dsi.files import file_digest
from dsi.training import Optimisation, Phase, resolve_precision


def training_parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments of a training command; --docids and what a task needs besides are added to it."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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


def describe_phase(name: str, settings: dict[str, Any], seed: int) -> Phase:
    """E1 follows the training section; E2 its own epochs, learning rate and warm-up.

    Rewound, E2 repeats the learning rates of E1's last epochs (Renda et al. 2020, "Comparing rewinding and
    fine-tuning in neural network pruning").
    """
    training = settings["training"]
    schedule, rewound = training, 0
    if name == "E2":
        schedule = settings["recovery"]
        if schedule["rewind"]:
            rewound = training["epochs"] - schedule["epochs"]
            schedule = {**training, "epochs": schedule["epochs"]}
    return Phase(
        name="E1" if name == "E1" else "E2",
        first_epoch=1 if name == "E1" else training["epochs"] + 1,
        epochs=schedule["epochs"],
        learning_rate=schedule["learning_rate"],
        warmup=schedule["warmup"],
        schedule=training["schedule"],
        optimisation=Optimisation(
            name=training["optimiser"],
            betas=tuple(training["betas"]),
            eps=training["eps"],
            weight_decay=training["weight_decay"],
            gradient_clip=training["gradient_clip"],
        ),
        accumulate=training["accumulate"],
        checkpointing=training["checkpointing"],
        patience=training["patience"],
        precision=resolve_precision(training["precision"]),
        seed=seed,
        rewound=rewound,
    )


def rows_per_batch(settings: dict[str, Any]) -> int:
    """Examples of one backward pass: an optimiser step's, divided by the batches that make it up."""
    training = settings["training"]
    return int(training["batch_size"]) // int(training["accumulate"])


def state_key(arguments: argparse.Namespace, inputs: Iterable[Path]) -> str:
    """A name for the resumable state: another for any other setting, input or code.

    Args:
        inputs: what the task reads besides the start, masks and moments.
    """
    files = [
        *inputs,
        arguments.tokenizer / "tokenizer.json",
        *([arguments.start / "model.safetensors"] if arguments.start else []),
        *(path for path in (arguments.masks, arguments.moments) if path),
    ]
    identity = {
        "phase": arguments.phase,
        "settings": arguments.settings,
        "seed": arguments.seed,
        "threads": arguments.threads,
        "code": arguments.code,
        "inputs": [file_digest(path) for path in files],
        "output": str(arguments.output),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
