"""Queries generated for the documents: read from a file, or generated here by a model; and their words."""

from plan import inputs, settings


rule read_pseudo_queries:
    input:
        file=lambda wildcards: inputs.generated_source(study, wildcards.source).path,
        documents="<collection>/documents.parquet",
    output:
        queries="<collection>/pseudo-queries/file-{source,[0-9a-f]{8}}.parquet",
    log:
        "<logs>/read_pseudo_queries/{source}.log",
    benchmark:
        "<benchmarks>/read_pseudo_queries/{source}.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=lambda wildcards, input: max(2000, int(6 * input.size_mb)),
    message:
        "Reading the generated queries of {input.file} (what was left out: {log})"
    shell:
        run(
            "read_pseudo_queries --file {input.file:q} --documents {input.documents} --output {output.queries}"
        )


rule generate_pseudo_queries:
    input:
        lambda wildcards: inputs.query_model_files(study, wildcards.source),
        documents="<collection>/documents.parquet",
    output:
        queries="<collection>/pseudo-queries/model-{source,[0-9a-f]{8}}.parquet",
    log:
        "<logs>/generate_pseudo_queries/{source}.log",
    benchmark:
        "<benchmarks>/generate_pseudo_queries/{source}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: study.threads
    resources:
        mem_mb=8000,
        gpu=GPU,
    params:
        model=lambda wildcards: settings.query_model(inputs.generated_source(study, wildcards.source)),
        sampling=lambda wildcards: settings.query_sampling(inputs.generated_source(study, wildcards.source)),
        state=f"{RESULTS}/.generation",
        code=code("generate_pseudo_queries"),
    message:
        "Generating queries for the documents with a model (progress in {log})"
    shell:
        run(
            "generate_pseudo_queries --documents {input.documents} --source {params.model:q} --sampling"
            " {params.sampling:q} --threads {threads} --state {params.state} --code {params.code} --output"
            " {output.queries}"
        )


rule analyse_pseudo_queries:
    input:
        index="<collection>/index/manifest.json",
        queries="<collection>/pseudo-queries/{generated}.parquet",
    output:
        words="<collection>/pseudo-queries/{generated,(file|model)-[0-9a-f]{8}}-words.parquet",
    log:
        "<logs>/analyse_pseudo_queries/{generated}.log",
    benchmark:
        "<benchmarks>/analyse_pseudo_queries/{generated}.tsv"
    conda:
        "../envs/environment.yaml"
    message:
        "Analysing the words of the generated queries"
    shell:
        run("analyse_pseudo_queries --index {input.index} --queries {input.queries} --output {output.words}")
