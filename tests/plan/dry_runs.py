"""Dry-runs within one process: Snakemake started anew for each takes ten times as long."""

import contextlib
import io
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
    StorageSettings,
)

ROOT = Path(__file__).resolve().parents[2]


def dry_run(config: dict[str, Any], folder: Path) -> str:
    """What is wrong with the graph of jobs that a configuration asks for; nothing if it can be built.

    Args:
        config: over config.yaml.
        folder: where it runs.
    """
    said = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, dryrun=True)) as api,
        ):
            api.workflow(
                resource_settings=ResourceSettings(cores=2),
                config_settings=ConfigSettings(config=config),
                storage_settings=StorageSettings(),
                snakefile=ROOT / "Snakefile",
                workdir=folder,
            ).dag(DAGSettings()).execute_workflow(
                executor="dryrun", execution_settings=ExecutionSettings(lock=False)
            )
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{said.getvalue()[-2000:]}"
    return ""
