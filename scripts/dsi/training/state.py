"""The name of a killed run's state: another for any other setting, input or code."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from dsi.base.files import file_digest
from dsi.base.process import compute_device
from dsi.training.arguments import TrainingArguments
from dsi.training.phase import Phase

MODEL_FILES = ("model.safetensors", "config.json")  # the configuration holds the dropout


def state_key(arguments: TrainingArguments, settings: object, phase: Phase, inputs: Iterable[Path]) -> str:
    """A name for the resumable state, 16 hex digits: another for any other setting, input or code.

    Args:
        settings: the task's, a data class.
        phase: its precision is that of the machine, which the settings may leave open.
        inputs: what the task reads besides the tokenizer, the start, masks and moments.
    """
    files = [
        *inputs,
        arguments.tokenizer / "tokenizer.json",
        *([arguments.start / name for name in MODEL_FILES] if arguments.start else []),
        *(path for path in (arguments.masks, arguments.moments) if path),
    ]
    identity = {
        "phase": arguments.phase,
        "settings": asdict(settings),  # type: ignore[call-overload]
        "precision": phase.precision,
        "device": compute_device().type,
        "prune": asdict(arguments.prune) if arguments.prune else None,
        "seed": arguments.seed,
        "threads": arguments.threads,
        "code": arguments.code,
        "inputs": [file_digest(path) for path in files],
        "output": str(arguments.output),
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
