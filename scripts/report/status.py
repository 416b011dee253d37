"""Show how far a running or stopped study is, by its files alone.

First jobs done of those that the last run had to do, then each job that runs, with its epoch of how many, the
last validation value and the time left. A run that was killed leaves these as they were when it ended.

Examples:
    python scripts status

    python scripts status results
"""

import time
from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.base.locks import holder_of
from dsi.base.progress import Run, read_run, run_lines


class Arguments(NamedTuple):
    results: Path


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument(
        "results", type=Path, nargs="?", default=Path("results"), help="folder of a study's results (results)"
    )
    arguments = Arguments(**vars(parser.parse_args()))
    found = read_run(arguments.results)
    if found is None:
        raise UserError(
            f"results: found no run in {arguments.results}, expected the results folder of a study that was "
            "started, for example: python scripts status results/smoke"
        )
    print("\n".join(status_lines(found, arguments.results)))


def status_lines(found: Run, results: Path) -> list[str]:
    """What stands in the run's file, as of now where it runs and as of its end where it does not."""
    if running(results):
        return [f"{results}: running", *run_lines(found, time.time())]
    if found.done == found.total:
        return [f"{results}: finished, {found.done} of {found.total} jobs done"]
    lines = [
        f"{results}: stopped, {found.done} of {found.total} jobs done; the same command goes on from there"
    ]
    return [*lines, *(f"  was running: {job.message}" for job in found.jobs)]


def running(results: Path) -> bool:
    """Whether a process holds the folder's lock (scripts/plan/one_study.py)."""
    return holder_of(results / ".lock") is not None


if __name__ == "__main__":
    run(main)
