"""What kills have left in a results folder, and which of it the next run removes.

Temporary files of writers that are gone, locks of jobs, and states of trainings: of those that are done, once
their run has recorded them, and of settings that nobody uses any more, which only the user can know.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from dsi.base.locks import holder_of
from plan.one_study import CONFIGURATION, NAME

STATES = (".training", ".generation")
FINISHED = "finished.json"  # of dsi.training.finished
_TEMPORARY = re.compile(r"\.(\d+)\.")  # and the process that writes it
_JOB_LOCK = re.compile(r"\..*\.log\.lock")


def sweep(folder: Path) -> list[str]:
    """Remove what jobs that were killed have left behind.

    Args:
        folder: the study's results, in which no other run writes.

    Returns:
        The jobs of an earlier run that still run, as on a cluster; then their files stay.
    """
    found = [path for path in _hidden(folder) if _JOB_LOCK.fullmatch(path.name)]
    holders = {path: holder_of(path) for path in found}
    for path, holder in holders.items():
        if holder is None:
            path.unlink(missing_ok=True)
    running = [holder for holder in holders.values() if holder]
    if not running:
        for path in _hidden(folder):
            writer = _TEMPORARY.match(path.name)
            if writer and not Path(f"/proc/{writer[1]}").exists():
                _remove(path)
    return running


def forget_finished(folder: Path) -> None:
    """Remove what trainings have kept whose outputs are in place; called when a run has recorded them all."""
    for record in folder.glob(f"{STATES[0]}/*/{FINISHED}"):
        if all(Path(name).is_file() for name in json.loads(record.read_text(encoding="utf-8"))):
            shutil.rmtree(record.parent)


def abandoned(folder: Path) -> str | None:
    """What to tell of states that are there when a whole study is done; None: there are none."""
    states = [path for name in STATES for path in sorted(folder.glob(f"{name}/*")) if path.is_dir()]
    if not states:
        return None
    size = sum(file.lstat().st_size for path in states for file in path.rglob("*") if file.is_file())
    parents = " ".join(sorted({str(path.parent) for path in states}))
    return (
        f"{len(states)} unfinished trainings or generations of other settings take {size / 1e6:,.1f} MB; "
        f"`rm -r {parents}` removes them, should nobody return to those settings"
    )


def _hidden(folder: Path) -> Iterator[Path]:
    """Files and folders of a study whose names begin with a dot; not those of other studies below it."""
    for name, folders, files in os.walk(folder):
        here = Path(name)
        if here != folder and (CONFIGURATION in files or NAME in files):
            folders.clear()
            continue
        yield from (here / item for item in (*files, *folders) if item.startswith("."))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
