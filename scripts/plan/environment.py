"""Which Python the rules' commands run with, handed to their shells through the environment.

Not in the commands themselves: an absolute path there would make everything stale when a checkout moves.
"""

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from plan.job import RUN, run_name


def export_environment(scripts: Path, deployment: Iterable[str]) -> None:
    """Set DSI_PYTHON, DSI_SCRIPTS, DSI_RUN for the shells of all rules, and no progress bars in their logs.

    The Python beside the Snakemake that runs, activated or not; in an environment that
    `--sdm conda` made, that environment's own.
    """
    os.environ["DSI_PYTHON"] = "python" if "conda" in deployment else sys.executable
    os.environ["DSI_SCRIPTS"] = str(scripts)
    os.environ[RUN] = run_name()  # on a cluster that of the Snakemake beside the job
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # transformers heeds it, too


def gpus_here() -> int:
    """1 where there is an NVIDIA driver, else 0; without importing torch."""
    return int(shutil.which("nvidia-smi") is not None)
