"""Writing files so that a reader sees the old one or the whole new one, never a part.

An output is written beside its final name and moved there when it is complete, so that neither a kill nor a
full disk leaves part of it. Its mode is the one that the umask gives, whatever wrote it: some libraries,
safetensors among them, write files that their owner alone may read.
"""

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name to write to, moved to `path` on success and removed on error.

    Parent folders are made. The temporary name is in the same folder and has the same suffix.
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode_of_new_files(path.parent)
        yield temporary
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException as error:
        error.add_note(str(path))  # libraries name the temporary file, or none
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_files(folder: Path) -> Iterator[Path]:
    """A temporary folder whose files are moved into `folder` on success.

    Files of `folder` that no new one replaces stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    mode = _mode_of_new_files(folder)
    try:
        yield temporary
        for path in sorted(temporary.iterdir()):
            path.chmod(mode)
            path.replace(folder / path.name)
    except BaseException as error:
        error.add_note(str(folder))
        raise
    finally:
        shutil.rmtree(temporary)


def _mode_of_new_files(folder: Path) -> int:
    """What the umask, or the folder's default access list, makes of a new file's mode."""
    probe = folder / f".{os.getpid()}.mode"
    probe.touch()
    mode = stat.S_IMODE(probe.stat().st_mode)
    probe.unlink()
    return mode


def write_text(text: str, path: Path) -> None:
    """Write UTF-8 text."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(value: Any, path: Path) -> None:
    """Write JSON with sorted keys.

    Raises:
        ValueError: a number is NaN or infinite, which JSON does not have.
    """
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(f"{text}\n", path)


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a data frame without its index."""
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
