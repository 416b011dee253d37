"""What all rules share: the checked configuration, paths, wildcards, code digests, the interpreter,
and the functions that give rules their inputs and params.
"""

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
from study.interpreter import export_interpreter, gpus_here  # noqa: E402
from dsi.pydocs import package_version  # noqa: E402


class OneLinePerJob(logging.Filter):
    """Shows each job as one line, `12:34:56 [ 17/136] its message`; Snakemake's own form takes five."""

    done = 0
    total = 0

    def filter(self, record):
        text = record.getMessage()
        if text.startswith("Select jobs to execute") or re.match(r"Execute \d+ jobs", text):
            return False
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.total = record.stats["total"]
            return workflow.dryrun
        if event == LogEvent.PROGRESS:
            self.done, self.total = record.done, record.total
            return False
        if event in (LogEvent.JOB_FINISHED, LogEvent.RESOURCES_INFO):
            return False
        if event == LogEvent.JOB_INFO and record.rule_msg:
            width = len(str(self.total))
            count = f"[{self.done:{width}}/{self.total}] " if self.total else ""
            record.event = None
            record.msg = f"{time.strftime('%H:%M:%S')} {count}{record.rule_msg}"
            record.args = ()
        return True


if not any(isinstance(item, OneLinePerJob) for item in logger.filters):
    logger.addFilter(OneLinePerJob())

try:
    config = checked_configuration(config)
except ConfigurationError as error:
    raise WorkflowError(str(error))

CONDA = "conda" in {str(method) for method in workflow.deployment_settings.deployment_method}
export_interpreter(SCRIPTS, CONDA)

# One training job at a time where there is one GPU (profiles limit the resource); none where there is
# none, so that jobs run side by side on the cores. On a cluster the profile says which jobs need one.
GPU = gpus_here()

RESULTS = config["results"].rstrip("/")
COLLECTION = f"{RESULTS}/collection"
INDEX = f"{COLLECTION}/index/manifest.json"
RATES = [format_rate(rate) for rate in config["rates"]]
SEEDS = config["seeds"]
BASELINES = config["run"]
CRITERIA = config["criteria"]
DENSE_ARMS = ["dense", "dense-continued", "restart"]

BASELINE_FOLDER = f"{RESULTS}/baselines/{{baseline}}"
SEED_FOLDER = f"{BASELINE_FOLDER}/seed{{seed}}"
SEED_SLUG = "baselines/{baseline}/seed{seed}"
PRUNED_SLUG = "pruned/{baseline}/seed{seed}/{criterion}-{rate}"
RECOVERED_SLUG = "recovered/{baseline}/seed{seed}/{criterion}-{rate}"
PRUNED_NAME = "{baseline}-seed{seed}-{criterion}-{rate}"

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


def local_files(*keys):
    """Those of a collection's sources that are local files: an edited one makes what follows stale."""
    sources = [selected_collection()[key] for key in keys]
    return [source["path"] for source in sources if Path(source.get("path", "")).is_file()]


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


def collection_folder(wildcards, input):
    """The folder of the collection's files, of which the queries are one."""
    return str(Path(input.queries).parent)


def dense_settings(wildcards):
    """What E1 depends on. Nothing of the recovery is among it."""
    chosen = baseline(wildcards)
    return as_json(
        model=chosen["model"],
        training=chosen["training"],
        pseudo_queries=chosen["pseudo_queries"],
        distillation=chosen["distillation"],
        relevance=selected_collection()["relevance"],
        depth=config["evaluation"]["depth"],
    )


def recovery_settings(wildcards):
    """What E2 depends on: as E1, and the recovery's own schedule."""
    return as_json(**json.loads(dense_settings(wildcards)), recovery=config["recovery"])


def training_inputs(wildcards):
    """What every training job reads, by name."""
    names = ["documents", "queries", "qrels", "bm25-weights", "bm25-words"]
    scheme = baseline(wildcards)["docids"]
    return {
        **{name.replace("-", "_"): f"{COLLECTION}/{name}.parquet" for name in names},
        "docids": f"{COLLECTION}/docids-{scheme}.parquet",
        "tokenizer": f"{RESULTS}/baselines/{wildcards.baseline}/tokenizer/tokenizer.json",
    }


SYSTEM = re.compile(
    r"(?P<stage>baselines|pruned|recovered)/(?P<baseline>[a-z0-9-]+)/seed(?P<seed>\d+)/(?P<name>.+)"
)


def system(wildcards):
    """What the slug of a system stands for, as JSON with the columns of metrics.csv."""
    fields = dict.fromkeys(["baseline", "seed", "arm", "criterion", "rate"])
    match = SYSTEM.fullmatch(wildcards.slug)
    if match is None:
        return as_json(**{**fields, "arm": wildcards.slug})
    fields.update(baseline=match["baseline"], seed=int(match["seed"]))
    if match["stage"] == "baselines":
        return as_json(**{**fields, "arm": match["name"]})
    criterion, _, rate = match["name"].rpartition("-")
    return as_json(**{**fields, "arm": match["stage"], "criterion": criterion, "rate": float(rate)})


def loss_of(wildcards):
    """The per-query loss of a model; the reference rankings have none."""
    return [f"{RESULTS}/runs/{wildcards.slug}.loss.parquet"] if "/" in wildcards.slug else []


def histories(wildcards):
    """History files of a baseline and criterion, dense arms first."""
    folders = [
        *(f"baselines/{wildcards.baseline}/seed{seed}/{arm}" for seed in SEEDS for arm in DENSE_ARMS),
        *(
            f"recovered/{wildcards.baseline}/seed{seed}/{wildcards.criterion}-{rate}"
            for seed in SEEDS
            for rate in RATES
        ),
    ]
    return [f"{RESULTS}/{folder}/history.parquet" for folder in folders]


def named_histories(wildcards, input):
    """ARM=FILE for each history."""
    names = {path: Path(path).parent.name for path in input.histories}
    prefix = f"{wildcards.criterion}-"
    return " ".join(f"{name.replace(prefix, 'recovered-')}={path}" for path, name in names.items())


def facts():
    """What the tables' introduction states about the study."""
    return as_json(
        collection=config["collection"],
        e1={name: config["baselines"][name]["training"]["epochs"] for name in BASELINES},
        e2=config["recovery"]["epochs"],
        agreement_k=config["evaluation"]["agreement_k"],
    )
