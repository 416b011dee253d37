"""Which Python runs the commands, and whether there is a GPU, told from the environment alone."""

import os
import sys
from pathlib import Path

import pytest

from plan.environment import export_environment, gpus_here


@pytest.mark.parametrize(("conda", "python"), [(False, sys.executable), (True, "python")])
def test_commands_run_with_this_python_or_that_of_a_conda_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, conda: bool, python: str
) -> None:
    for name in ("DSI_PYTHON", "DSI_SCRIPTS"):
        monkeypatch.setenv(name, "before")
    monkeypatch.delenv("HF_HUB_DISABLE_PROGRESS_BARS", raising=False)
    export_environment(tmp_path, ["conda"] if conda else [])
    assert os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] == "1"
    assert os.environ["DSI_PYTHON"] == python
    assert os.environ["DSI_SCRIPTS"] == str(tmp_path)


@pytest.mark.parametrize("there", [True, False])
def test_a_gpu_is_there_where_its_driver_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: bool
) -> None:
    driver = tmp_path / "nvidia-smi"
    if there:
        driver.write_text("#!/bin/sh\n")
        driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus_here() == int(there)
