# How far can a generative retriever be pruned, does recovery bring it back, is any gain real?
#
#   snakemake --cores 2                                 every table and figure of the default study
#   snakemake --cores 1 results/tables.md               the tables
#   snakemake results/tables.md --dag | dot -Tsvg       their graph
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
from dsi.systems import RATE_PATTERN
from plan import results_of_study, terminal
from plan.commands import Commands
from plan.config.checked import ConfigurationError, checked_study
from plan.environment import export_interpreter, gpus_here
from plan.one_study import ResultsLock, keep_configuration
from plan.systems_of_study import UNPRUNED

try:
    study = checked_study(config)
except ConfigurationError as error:
    raise WorkflowError(str(error))

# What all rules use besides `study`. GPU: how many a job asks for that uses one; none where there is none.
commands = Commands(Path(workflow.basedir) / "scripts")
run, code = commands.shell, commands.digest
RESULTS = study.results.rstrip("/")
GPU = gpus_here()
lock = ResultsLock(Path(RESULTS))

export_interpreter(
    commands.scripts, conda="conda" in map(str, workflow.deployment_settings.deployment_method)
)
terminal.adapt(logger, study, planning=lambda: workflow.dryrun)


pathvars:
    results=RESULTS,
    collection="<results>/collection",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


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


# After the rules: only here do constraints, those of a rule too, reach wildcards that stand in its pathvars.
wildcard_constraints:
    baseline=r"[a-z0-9][a-z0-9-]*",
    seed=r"\d+",
    criterion="|".join([*CRITERIA, UNPRUNED]),
    rate=RATE_PATTERN,


onstart:  # of a run that starts jobs: no dry-run, and none of the processes in which jobs run
    lock.take(logger.warning)
    keep_configuration(study, Path(RESULTS))


rule all:
    default_target: True
    input:
        pages=results_of_study.pages(study),
        figures=results_of_study.figure_files(study),
        timings="<results>/timings.md",
    localrule: True
    message:
        "Everything that the study asks for is there"
