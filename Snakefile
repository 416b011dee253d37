# How far can a generative retriever be pruned, does recovery bring it back, is any gain real?
#
#   snakemake --cores 2                                 every table and figure of the default study
#   snakemake --cores 1 results/tables.md               the tables
#   snakemake results/tables.md --dag | dot -Tsvg > dag.svg
#
# What to do stands in config.yaml; how, in profiles/default.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

min_version("9.27")  # pathvars


configfile: f"{workflow.basedir}/config.yaml"


sys.path.insert(0, f"{workflow.basedir}/scripts")

from dsi.pruning.registry import CRITERIA
from dsi.systems import DENSE_ARMS, PRUNED_ARMS, RATE_PATTERN, REFERENCES
from plan.commands import Commands
from plan.config.checked import ConfigurationError, checked_study
from plan.environment import export_interpreter, gpus_here
from plan.systems_of_study import UNPRUNED
from plan.terminal import show_one_line_per_job

try:
    study = checked_study(config)
except ConfigurationError as error:
    raise WorkflowError(str(error))

# For all rules: `run` is the shell of a command, `code` the digest of its code.
commands = Commands(Path(workflow.basedir) / "scripts")
run, code = commands.shell, commands.digest
GPU = gpus_here()  # jobs that use a GPU ask for it where there is one

export_interpreter(commands.scripts, conda="conda" in map(str, workflow.deployment_settings.deployment_method))
show_one_line_per_job(logger, planning=workflow.dryrun)


pathvars:
    results=study.results.rstrip("/"),
    collection="<results>/collection",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


wildcard_constraints:
    baseline=r"[a-z0-9][a-z0-9-]*",
    seed=r"\d+",
    criterion="|".join([*CRITERIA, UNPRUNED]),
    rate=RATE_PATTERN,


include: "rules/collection.smk"
include: "rules/bm25.smk"
include: "rules/pseudo_queries.smk"
include: "rules/docids.smk"
include: "rules/training.smk"
include: "rules/pruning.smk"
include: "rules/ranking.smk"
include: "rules/evaluation.smk"
include: "rules/efficiency.smk"
include: "rules/report.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        "<results>/tables.md",
        "<results>/timings.md",
        pages(study),
        FIGURES,
