"""What all rules share: the checked configuration, paths, wildcards, code digests, the interpreter."""

import json
import logging
import re
import sys
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

SCRIPTS = Path(workflow.basedir) / "scripts"
sys.path.insert(0, str(SCRIPTS))

from study.configuration import (  # noqa: E402
    RATE_PATTERN,
    ConfigurationError,
    checked_configuration,
    format_rate,
)
from study.code import code_digest  # noqa: E402
from dsi.pydocs import package_version  # noqa: E402


class OneLinePerJob(logging.Filter):
    """Shows each job as one line, its message; Snakemake's own form takes five."""

    def filter(self, record):
        text = record.getMessage()
        if text.startswith("Select jobs to execute") or re.match(r"Execute \d+ jobs", text):
            return False
        message = getattr(record, "rule_msg", None)
        if getattr(record, "event", None) == LogEvent.JOB_INFO and message:
            record.event = None
            record.msg = message if dry_run() else f"{time.strftime('%H:%M:%S')}  {message}"
            record.args = ()
        return True


def dry_run():
    return workflow.dryrun


if not any(isinstance(item, OneLinePerJob) for item in logger.filters):
    logger.addFilter(OneLinePerJob())

try:
    config = checked_configuration(config)
except ConfigurationError as error:
    raise WorkflowError(str(error))

# Rules find their Python beside the Snakemake that runs them, activated or not; in a conda environment
# of --sdm conda it is the environment's own.
CONDA = "conda" in {str(method) for method in workflow.deployment_settings.deployment_method}
PYTHON = "python" if CONDA else sys.executable

# One training job at a time where there is one GPU (profiles limit the resource); none where there is
# none, so that jobs run side by side on the cores. On a cluster the profile says which jobs need one.
GPU = int(Path("/dev/nvidiactl").exists())

RESULTS = config["results"].rstrip("/")
COLLECTION = f"{RESULTS}/collection"
RATES = [format_rate(rate) for rate in config["rates"]]
SEEDS = config["seeds"]
BASELINES = config["run"]
CRITERIA = config["criteria"]
DENSE_ARMS = ["dense", "dense-continued", "restart"]

CHECKPOINT_FILES = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "docids.parquet",
]


wildcard_constraints:
    baseline=r"[a-z0-9][a-z0-9-]*",
    criterion=r"[a-z0-9]+(-[a-z]+)*",
    rate=RATE_PATTERN,
    seed=r"\d+",
    arm="|".join(DENSE_ARMS),
    pruned_or_recovered="pruned|recovered",
    slug=r"(bm25|random|(baselines|pruned|recovered)/[a-z0-9-]+/seed\d+/[a-z0-9.-]+)",


def code(script):
    """The digest of a script and of every module it imports: what makes a rule's outputs stale.

    Content, not times: a fresh checkout reruns nothing, an edited module what uses it.
    """
    return code_digest(SCRIPTS / script)


def as_json(**values):
    """Configuration for a command line: one scalar, its keys sorted."""
    return json.dumps(values, sort_keys=True)


def selected_collection():
    return config["collections"][config["collection"]]


def package_versions(packages):
    """`numpy 2.4.6, …` of installed packages: another version is another collection."""
    return ", ".join(f"{name} {package_version(name)}" for name in sorted(packages))


def baseline(wildcards):
    return config["baselines"][wildcards.baseline]


def checkpoint(folder):
    """Files of a Hugging Face checkpoint besides its weights."""
    return [f"{folder}/{name}" for name in CHECKPOINT_FILES]


def seed_folders(arms=DENSE_ARMS):
    """Folders of the unpruned systems, relative to the study's."""
    return [f"baselines/{name}/seed{seed}/{arm}" for name in BASELINES for seed in SEEDS for arm in arms]


def pruned_folders(stage):
    """Folders of the pruned or recovered systems, relative to the study's."""
    return [
        f"{stage}/{name}/seed{seed}/{criterion}-{rate}"
        for name in BASELINES
        for seed in SEEDS
        for criterion in CRITERIA
        for rate in RATES
    ]


def systems():
    """Every evaluated system of the study."""
    return ["bm25", "random", *seed_folders(), *pruned_folders("pruned"), *pruned_folders("recovered")]
