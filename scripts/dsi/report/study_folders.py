"""The folders of studies below a folder of results: which there are, how large, and removing one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from dsi.base.locks import FileLock, InUseError

DEFAULT = "default"
MARKS = ("configuration.json", ".lock", "collection")  # a folder with one of them is a study's


class StudyFolderError(RuntimeError):
    """A study is not there, or in use; the message says which."""


def named(study: str) -> str:
    """The folder that a study's file names, or else what was given.

    Raises:
        StudyFolderError: there is no such file.
    """
    path = Path(study)
    if path.suffix not in (".yaml", ".yml"):
        return study
    if not path.is_file():
        raise StudyFolderError(
            f"--study: found no file {study}, expected for example studies/smoke.yaml, or smoke"
        )
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
        StudyFolderError: it is running.
    """
    lock = FileLock(study / ".lock")
    try:
        lock.take()
    except InUseError as error:
        raise StudyFolderError(
            f"{study}: a run writes there ({error}); wait for its end, or stop it"
        ) from error
    for path in files_of(study):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not study.is_symlink() and not any(study.iterdir()):
        study.rmdir()
