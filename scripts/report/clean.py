"""List the studies of a folder of results with their sizes, or remove one of them.

Without --study nothing is removed. A study is named by its folder below results/ or by its file
(studies/smoke.yaml); `default` is that of results/ itself, without the studies in folders below it. One that
is running is not removed. `make clean STUDY=smoke` is the same.

Examples:
    python scripts clean
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.report.study_folders import StudyFolderError, listing, named, remove, studies


class Arguments(NamedTuple):
    results: Path
    study: str | None


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of all (results)")
    parser.add_argument("--study", help="the one to remove")
    arguments = Arguments(**vars(parser.parse_args()))
    found = studies(arguments.results)
    if arguments.study is None:
        print("\n".join(listing(found)) or f"{arguments.results}: no studies")
        return
    try:
        name = named(arguments.study).rstrip("/").removeprefix(f"{arguments.results}/")
        if name not in found:
            there = ", ".join(found) or "none"
            raise UserError(f"--study: found {name!r}, expected one of those in {arguments.results}: {there}")
        remove(found[name])
    except StudyFolderError as error:
        raise UserError(str(error)) from error


if __name__ == "__main__":
    run(main)
