"""What pruning and rounding buy: compressed files, operations, latency, and the quality of rounded weights."""

from plan import inputs, settings, systems_of_study as systems

timed = lambda wildcards: systems.timed_systems(study, wildcards.baseline)
first_dense = lambda wildcards: systems.e1_systems(study, [wildcards.baseline])[0]
measured = lambda wildcards: systems.measured_systems_of(study, wildcards.baseline, int(wildcards.seed))


rule compress:
    input:
        model="<results>/{stage}/{baseline}/seed{seed}/{name}/model.safetensors",
        rest=inputs.checkpoint("<results>/{stage}/{baseline}/seed{seed}/{name}"),
        dense="<results>/baselines/{baseline}/seed{seed}/dense/model.safetensors",
    output:
        exact="<results>/compressed/{stage}/{baseline}/seed{seed}/{name}.dsz",
        rounded=inputs.rounded_files("<results>/compressed/{stage}/{baseline}/seed{seed}/{name}"),
        sizes="<results>/sizes/{stage}/{baseline}/seed{seed}/{name}.json",
    log:
        "<logs>/compress/{stage}-{baseline}-seed{seed}-{name}.log",
    benchmark:
        "<benchmarks>/compress/{stage}-{baseline}-seed{seed}-{name}.tsv"
    wildcard_constraints:
        stage="baselines|recovered|small|small-taught",
        name=r"[a-z0-9-]+(\.\d+)?",
    conda:
        "../envs/environment.yaml"
    params:
        length=lambda wildcards: study.baselines[wildcards.baseline].training.max_tokens,
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: compressing {wildcards.name}"
    shell:
        run(
            "compress $(dirname {input.model}) --dense $(dirname {input.dense}) --input-length"
            " {params.length} --output {output.exact} --sizes {output.sizes}"
        )


# The profile gives it all cores, so that no other job disturbs the measurement.
rule measure_latency:
    input:
        models=lambda wildcards: inputs.weights_of(timed(wildcards)),
        dense=lambda wildcards: inputs.weights_of([first_dense(wildcards)]),
    output:
        times="<results>/latency/{baseline}.json",
    log:
        "<logs>/measure_latency/{baseline}.log",
    benchmark:
        "<benchmarks>/measure_latency/{baseline}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: study.threads
    resources:
        gpu=GPU,
    params:
        systems=lambda wildcards: systems.slugs(timed(wildcards)),
        dense=lambda wildcards: first_dense(wildcards).slug,
        results=lambda wildcards: RESULTS,
        length=lambda wildcards: study.baselines[wildcards.baseline].training.max_tokens,
        threads=study.threads,
        batch=64,
        rounds=50,
    message:
        "{wildcards.baseline}: measuring latency, alone on the machine"
    shell:
        run(
            "measure_latency {params.systems} --dense {params.dense} --results {params.results}"
            " --input-length {params.length} --batch {params.batch} --threads {params.threads} --rounds"
            " {params.rounds} --output {output.times}"
        )


rule measure_rounded:
    input:
        multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet"),
        models=lambda wildcards: inputs.checkpoints_of(measured(wildcards)),
        files=lambda wildcards: inputs.rounded_files_of(measured(wildcards)),
    output:
        values="<results>/rounded/{baseline}-seed{seed}.csv",
    log:
        "<logs>/measure_rounded/{baseline}-seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_rounded/{baseline}-seed{seed}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: study.threads
    resources:
        gpu=GPU,
    params:
        systems=lambda wildcards: systems.slugs(measured(wildcards)),
        results=lambda wildcards: RESULTS,
        relevance=settings.relevance(study),
        depth=study.evaluation.depth,
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: ranking with rounded weights"
    shell:
        run(
            "measure_rounded {params.systems} --results {params.results} --queries {input.queries} --qrels"
            " {input.qrels} --relevance {params.relevance:q} --depth {params.depth} --threads {threads}"
            " --output {output.values}"
        )
