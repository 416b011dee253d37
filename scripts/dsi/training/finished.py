"""What a training has made, kept with its state until the run that started it has recorded it.

Snakemake removes outputs that it has not recorded, though they are whole (it was killed meanwhile, or the
job outlived it on a cluster), and starts the job again. That one then puts in place what is here: hard links,
which take no room beside the outputs; copies where a file system has no links.
"""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from dsi.base.files import file_digest, replacing, write_json

RECORD = "finished.json"  # scripts/plan/leftovers.py reads it
FOLDER = "finished"


def keep_finished(paths: Iterable[Path], state: Path) -> None:
    """Keep what a training has made.

    Args:
        paths: all its outputs, in place.
        state: the folder of its state.
    """
    folder = state / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    digests = {}
    for number, path in enumerate(sorted(paths)):
        _link(path, folder / str(number))
        digests[str(path)] = file_digest(path)
    write_json(digests, state / RECORD)


def put_in_place(state: Path, needed: Iterable[Path]) -> bool:
    """Put what is kept where it was; False if a training has to make it, as nothing is kept, or not whole.

    Args:
        needed: files that have to be among them.
    """
    if not (state / RECORD).is_file():
        return False
    digests: dict[str, str] = json.loads((state / RECORD).read_text(encoding="utf-8"))
    if not {str(path) for path in needed} <= digests.keys():
        return False
    kept = {state / FOLDER / str(number): Path(path) for number, path in enumerate(sorted(digests))}
    if not all(file.is_file() and file_digest(file) == digests[str(path)] for file, path in kept.items()):
        return False
    for file, path in kept.items():
        with replacing(path) as temporary:
            _link(file, temporary)
            os.utime(temporary)  # made now, for whom compares it with its inputs
    return True


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
