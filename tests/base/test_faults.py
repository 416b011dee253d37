"""A full disk, a folder without rights, a full memory: one message each, and the old file stays as it was."""

import errno
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from dsi.base.faults import fault_message
from dsi.base.files import replacing, replacing_files, write_json, write_parquet, write_text
from dsi.evaluation.runs import write_run
from tests.conftest import SCRIPTS

LIMIT = 16_384  # bytes that a file may have while the disk is full
NOISE = np.random.default_rng(1)
TEXTS = [NOISE.bytes(64).hex() for _ in range(2_000)]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file grows above LIMIT: the system then says so as it does of a full disk, by another number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _weights(path: Path) -> None:
    with replacing_files(path.parent / "folder") as folder:
        save_file({"w": torch.randn(200, 200)}, folder / path.name)


def _state(path: Path) -> None:
    with replacing(path) as temporary:
        torch.save({"w": torch.randn(200, 200)}, temporary)


def _run(path: Path) -> None:
    run = pd.DataFrame({"qid": "q", "docid": TEXTS, "rank": range(1, 2001), "score": 1.0})
    with replacing(path) as temporary:
        write_run(run, temporary, "dsi")


WRITERS: dict[str, Callable[[Path], None]] = {
    "tables.md": lambda path: write_text("\n".join(TEXTS), path),
    "dense.json": lambda path: write_json({"texts": TEXTS}, path),
    "documents.parquet": lambda path: write_parquet(pd.DataFrame({"text": TEXTS}), path),
    "dense.trec.gz": _run,
    "last.ckpt": _state,
    "model.safetensors": _weights,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_named_with_the_file_and_leaves_the_old_one(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / ("folder" if name == "model.safetensors" else "") / name
    path.write_text("old", encoding="utf-8")
    with full_disk(), pytest.raises(Exception) as caught:
        WRITERS[name](tmp_path / name)
    message = fault_message(caught.value)
    assert message is not None, caught.value
    assert message.startswith(
        f"{path if name != 'model.safetensors' else path.parent}: cannot be written, as the disk"
    )
    assert "make room or choose another folder" in message
    assert path.read_text(encoding="utf-8") == "old"
    assert {file.name for file in tmp_path.rglob("*")} == {"folder", name}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "a.md"),
            "a.md: cannot be written, as the disk is full",
        ),
        (
            OSError(errno.EDQUOT, "Disk quota exceeded", "a.md"),
            "a.md: cannot be written, as the disk is full",
        ),
        (
            RuntimeError("java.io.IOException: No space left on device"),
            "an output: cannot be written, as the disk",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "a.md"),
            "a.md: there is no right to write or read",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "a.md"),
            "a.md: there is no right to write or read here",
        ),
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
            "the GPU's memory is full (CUDA",
        ),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
            "the memory is full (DefaultCPU",
        ),
        (MemoryError(), "the memory is full (MemoryError); run fewer jobs beside each other"),
    ],
)
def test_each_fault_of_the_machine_has_words(error: Exception, message: str) -> None:
    assert (fault_message(error) or "").startswith(message)


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("qid"), RuntimeError("shape"), FileNotFoundError("a")]
)
def test_any_other_error_is_none(error: Exception) -> None:
    assert fault_message(error) is None


def test_a_command_ends_with_the_message_and_without_a_traceback(tmp_path: Path) -> None:
    code = (
        "import resource\nfrom pathlib import Path\nfrom dsi.base.command import run\n"
        "from dsi.base.files import write_text\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        f"run(lambda: write_text('x' * 8192, Path({str(tmp_path / 'a.md')!r})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path / 'a.md'}: cannot be written, as the disk is full")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
