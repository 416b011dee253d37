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


report: "report/workflow.rst"


sys.path.insert(0, f"{workflow.basedir}/scripts")

from dsi.pruning.registry import CRITERIA
from dsi.systems import RATE_PATTERN
from plan import outcome, results_of_study, terminal
from plan.commands import Commands
from plan.config.checked import ConfigurationError, checked_study
from plan.environment import export_environment, gpus_here
from plan.systems_of_study import UNPRUNED
from plan.this_run import ThisRun

try:
    study = checked_study(config)
except ConfigurationError as error:
    raise WorkflowError(str(error))

# What all rules use besides `study`. GPU: how many a job asks for that uses one; none where there is none.
commands = Commands(Path(workflow.basedir) / "scripts")
run, code = commands.shell, commands.digest
RESULTS = study.results.rstrip("/")
GPU = gpus_here()
this_run = ThisRun(study, logger, workflow)
STAGES = "collection bm25 pseudo_queries docids training pruning ranking evaluation efficiency report".split()

export_environment(commands.scripts, map(str, workflow.deployment_settings.deployment_method))
terminal.adapt(logger, study, lambda: workflow.dryrun, lambda: workflow.resource_settings.cores)


pathvars:
    results=RESULTS,
    collection="<results>/collection",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


for stage in STAGES:

    include: f"rules/{stage}.smk"


# After the rules: only here do constraints, those of a rule too, reach wildcards that stand in its pathvars.
wildcard_constraints:
    baseline=r"[a-z0-9][a-z0-9-]*",
    seed=r"\d+",
    criterion="|".join([*CRITERIA, UNPRUNED]),
    rate=RATE_PATTERN,


onstart:  # of a run that starts jobs: no dry-run, and none of the processes in which jobs run
    this_run.begin()


onsuccess:
    whole = "all" in {job.rule.name for job in workflow.dag.targetjobs}
    outcome.finish(logger, Path(RESULTS), workflow.main_snakefile, config, complete=whole)


rule all:
    default_target: True
    input:
        results_of_study.everything(study),
    localrule: True
    message:
        "Everything that the study asks for is there"
