"""What every command has in common: its parser, logging, errors that a user can mend, and its CPU-seconds."""

import gc
import json
import logging
import os
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from dsi.base.artefacts import ArtefactError
from dsi.base.faults import fault_message
from dsi.base.files import write_json

# The environment variable that names a file for the CPU-seconds of start-up and of the whole command.
TIMES = "DSI_TIMES"


class UserError(Exception):
    """Something the user can mend; shown as one message, without a traceback."""


def run(main: Callable[[], None]) -> None:
    """Run a command: log to standard error, exit 1 on an error, write the CPU-seconds if DSI_TIMES asks.

    Called last in a command's file, so that the CPU time until then is that of its imports. What they made is
    never searched for garbage, as it stays to the end. What the user can mend is one message: a UserError, a
    file of an earlier job that cannot be read, a fault of the machine; any other error keeps its traceback.
    The file that DSI_TIMES names is JSON: {"start_up": s, "total": s}; a command that fails writes none.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"
    )
    print_anything()
    gc.freeze()
    gc.enable()
    start_up = time.process_time()
    try:
        main()
    except (UserError, ArtefactError) as error:
        sys.exit(f"error: {error}")
    except Exception as error:
        fault = fault_message(error)
        if fault is None:
            raise
        sys.exit(f"error: {fault}")
    if TIMES in os.environ:
        times = {"start_up": start_up, "total": time.process_time()}
        write_json(times, Path(os.environ[TIMES]))


def print_anything() -> None:
    """Have standard output spell, as `\\u2026`, what its encoding lacks; by default that is an error."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def command_parser(description: str | None) -> ArgumentParser:
    """A parser whose help is the docstring as it is written, and whose usage is how the command is called."""
    return ArgumentParser(
        prog=f"python scripts {Path(sys.argv[0]).stem}",
        description=description,
        formatter_class=RawDescriptionHelpFormatter,
    )


def json_object(text: str) -> dict[str, Any]:
    """An argparse type: a JSON object, or @FILE to read one from a file."""
    value = read_json(text)
    if not isinstance(value, dict):
        raise ArgumentTypeError(f'expected a JSON object like {{"k1": 0.9}}, found {text[:80]!r}')
    return value


def read_json(text: str) -> Any:
    """What a JSON text, or the file that @FILE names, stands for.

    Raises:
        ArgumentTypeError: it is no JSON, or there is no such file.
    """
    try:
        source = Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
        return json.loads(source)
    except (OSError, json.JSONDecodeError) as error:
        raise ArgumentTypeError(f"not JSON ({error}): {text[:80]!r}") from error


def at_least_one(text: str) -> int:
    """An argparse type: a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"found {text!r}, expected a whole number at least 1")
    return int(text)
