"""What every command of scripts/ does first and last: logging, start-up time, readable errors.

Does not know what a command does.
"""

import json
import logging
import os
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dsi.base.files import write_json

# Names a file for the CPU-seconds of start-up and of the whole command; the report sums them up.
TIMES = "DSI_TIMES"

logger = logging.getLogger(__name__)


class UserError(Exception):
    """Something the user can mend; shown as one message, without a traceback."""


def run(main: Callable[[], None]) -> None:
    """Run a command: log to standard error, note what the imports cost, exit 1 on a UserError.

    Call it last in a script, so that the CPU time up to here is the script's start-up. Other errors
    keep their traceback, which the rule's log then holds.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"
    )
    start_up = time.process_time()
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
    if TIMES in os.environ:
        times = {"start_up": start_up, "total": time.process_time()}
        write_json(times, Path(os.environ[TIMES]))


def command_parser(description: str | None) -> ArgumentParser:
    """A parser that shows a command's docstring as it is written, and the command as it is called."""
    return ArgumentParser(
        prog=f"python scripts {Path(sys.argv[0]).stem}",
        description=description,
        formatter_class=RawDescriptionHelpFormatter,
    )


def json_object(text: str) -> dict[str, Any]:
    """An argparse type: a JSON object, or @FILE to read one from a file."""
    source = Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
    try:
        value = json.loads(source)
    except json.JSONDecodeError as error:
        raise ArgumentTypeError(f"not JSON ({error}): {source[:80]!r}") from error
    if not isinstance(value, dict):
        raise ArgumentTypeError(f'expected a JSON object like {{"k1": 0.9}}, found {source[:80]!r}')
    return value
