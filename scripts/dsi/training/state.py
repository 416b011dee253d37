"""The name of a killed run's state: another for any other setting, input or code."""

import argparse
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from dsi.base.files import file_digest


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
