"""The smallest study as it came out, for tests that look at it: run once for all workers."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which studies/smoke.yaml has run. Workers share it: tests copy what they change."""
    from tests.workflow.test_workflow import SMOKE, copy_tree, snakemake

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "smallest"
    said = folder / "terminal.txt"  # written last
    with (shared / "smallest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed
            copy_tree(folder)
            done = snakemake(folder, "--cores", "2", *SMOKE)
            assert done.returncode == 0, done.stdout + done.stderr
            said.write_text(done.stdout + done.stderr, encoding="utf-8")
    return folder
