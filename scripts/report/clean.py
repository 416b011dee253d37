"""List the studies of a folder of results with their sizes, or remove one of them.

Without --study nothing is removed. A study is named by its folder below results/ or by its file
(studies/smoke.yaml); `default` is that of results/ itself, without the studies in folders below it. One that
is running is not removed. `make clean STUDY=smoke` is the same.

Examples:
    python scripts clean
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from dsi.base.command import UserError, command_parser, run
from dsi.base.locks import FileLock, InUseError

DEFAULT = "default"
MARKS = ("configuration.json", ".lock", "collection")  # a folder with one of them is a study's


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
    name = named(arguments.study).rstrip("/").removeprefix(f"{arguments.results}/")
    if name not in found:
        there = ", ".join(found) or "none"
        raise UserError(f"--study: found {name!r}, expected one of those in {arguments.results}: {there}")
    remove(found[name])


def named(study: str) -> str:
    """The folder that a study's file names, or else what was given."""
    path = Path(study)
    if path.suffix not in (".yaml", ".yml"):
        return study
    if not path.is_file():
        raise UserError(f"--study: found no file {study}, expected for example studies/smoke.yaml, or smoke")
    chosen = yaml.safe_load(path.read_text(encoding="utf-8"))
    return str(chosen.get("results", DEFAULT)) if isinstance(chosen, dict) else DEFAULT


def studies(results: Path) -> dict[str, Path]:
    """The folder of each study by its name; that of the default one holds those of others."""
    if not results.is_dir():
        return {}
    others = {path.name: path for path in sorted(results.iterdir()) if is_study(path)}
    return ({DEFAULT: results} if is_study(results) else {}) | others


def is_study(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in MARKS)


def files_of(study: Path) -> Iterator[Path]:
    """What lies in a study's folder, without other studies' folders there."""
    return (path for path in study.iterdir() if not is_study(path))


def listing(found: dict[str, Path]) -> Iterator[str]:
    """A line for each study: its name, its size, and what removes it."""
    for name, folder in found.items():
        files = (file for item in files_of(folder) for file in (item, *item.rglob("*")))
        size = sum(file.lstat().st_size for file in files if file.is_file())
        yield f"{folder}: {size / 1e6:,.1f} MB; `make clean STUDY={name}` removes it"


def remove(study: Path) -> None:
    """Remove it.

    Raises:
        UserError: it is running.
    """
    lock = FileLock(study / ".lock")
    try:
        lock.take()
    except InUseError as error:
        raise UserError(f"{study}: a run writes there ({error}); wait for its end, or stop it") from error
    for path in files_of(study):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not study.is_symlink() and not any(study.iterdir()):
        study.rmdir()


if __name__ == "__main__":
    run(main)
