"""The measures of every run."""

from dsi.systems import REFERENCES
from plan import inputs, settings


rule evaluate:
    input:
        multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet", topk="topk.parquet"),
        run="<results>/runs/{slug}.trec.gz",
        outputs=lambda wildcards: inputs.outputs_of(wildcards.slug),
        dense=lambda wildcards: inputs.dense_run_of(wildcards.slug),
    output:
        multiext("<results>/metrics/{slug}", metrics=".json", per_query=".per_query.parquet"),
    log:
        "<logs>/evaluate/{slug}.log",
    benchmark:
        "<benchmarks>/evaluate/{slug}.tsv"
    wildcard_constraints:
        slug="|".join([*REFERENCES, r"[a-z-]+/[a-z0-9-]+/seed\d+/[a-z0-9.-]+"]),
    conda:
        "../envs/environment.yaml"
    params:
        files=lambda wildcards, input: inputs.as_options(input),
        lists=lambda wildcards: settings.list_measures_option(study, wildcards.slug),
        relevance=settings.relevance(study),
        agreement_k=study.evaluation.agreement_k,
    message:
        "Evaluating {wildcards.slug}"
    shell:
        run(
            "evaluate --run {input.run} {params.files} {params.lists} --system {wildcards.slug} --relevance"
            " {params.relevance:q} --agreement-k {params.agreement_k} --output {output.metrics} --per-query"
            " {output.per_query}"
        )
