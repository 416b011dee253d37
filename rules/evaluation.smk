"""The measures of every run."""

from plan import inputs, settings


rule evaluate:
    input:
        run="<results>/runs/{slug}.trec.gz",
        outputs=lambda wildcards: inputs.outputs_of(wildcards.slug),
        queries="<collection>/queries.parquet",
        qrels="<collection>/qrels.parquet",
        topk="<collection>/topk.parquet",
    output:
        metrics="<results>/metrics/{slug}.json",
        per_query="<results>/metrics/{slug}.per_query.parquet",
    log:
        "<logs>/evaluate/{slug}.log",
    benchmark:
        "<benchmarks>/evaluate/{slug}.tsv"
    wildcard_constraints:
        slug=r"(bm25|random|(baselines|pruned|recovered|small|small-taught)/[a-z0-9-]+/seed\d+/[a-z0-9.-]+)",
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
