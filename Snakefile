# How far can a generative retriever be pruned, does recovery bring it back, is any gain real?
#
#   snakemake --cores 2                                 every table and figure of the default study
#   snakemake --cores 1 results/tables.md               the tables
#   snakemake results/tables.md --dag | dot -Tsvg > dag.svg
#
# What to do stands in config.yaml; how, in profiles/default.


configfile: f"{workflow.basedir}/config.yaml"


include: "rules/common.smk"
include: "rules/collection.smk"
include: "rules/pseudo_queries.smk"
include: "rules/training.smk"
include: "rules/pruning.smk"
include: "rules/evaluation.smk"
include: "rules/benefit.smk"
include: "rules/reporting.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        tables=f"{RESULTS}/tables.md",
        figures=FIGURES,
        benefit=BENEFIT,
        ablation=[f"{RESULTS}/ablation.md"] if compared_baselines() else [],
        timings=f"{RESULTS}/timings.md",
