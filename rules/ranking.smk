"""Rankings with pruned models, of each task by its own command, and at random; trainings rank themselves."""

from plan import inputs, settings, systems_of_study as systems


rule rank:
    input:
        model="<results>/<pruned>/model.safetensors",
        rest=inputs.checkpoint("<results>/<pruned>"),
        queries="<collection>/queries.parquet",
        qrels="<collection>/qrels.parquet",
    output:
        run="<results>/runs/<pruned>.trec.gz",
        outputs="<results>/runs/<pruned>.outputs.parquet",
    log:
        "<logs>/rank/{baseline}-seed{seed}-{criterion}-{rate}.log",
    benchmark:
        "<benchmarks>/rank/{baseline}-seed{seed}-{criterion}-{rate}.tsv"
    pathvars:
        pruned="pruned/{baseline}/seed{seed}/{criterion}-{rate}",
    wildcard_constraints:
        baseline=systems.one_of(systems.docid_baselines(study)),
    conda:
        "../envs/environment.yaml"
    threads: study.threads
    resources:
        mem_mb=3000,
        gpu=GPU,
    params:
        relevance=settings.relevance(study),
        depth=study.evaluation.depth,
        prefixes=lambda wildcards: settings.prefixes_option(study, wildcards.baseline),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: ranking with {wildcards.criterion}-{wildcards.rate}"
    shell:
        run(
            "rank $(dirname {input.model}) --queries {input.queries} --qrels {input.qrels} --relevance"
            " {params.relevance:q} --depth {params.depth} {params.prefixes} --threads {threads} --run"
            " {output.run} --outputs {output.outputs}"
        )


rule rank_lists:
    input:
        model="<results>/<pruned>/model.safetensors",
        rest=inputs.checkpoint("<results>/<pruned>"),
        queries="<collection>/queries.parquet",
        topk="<collection>/topk.parquet",
        documents="<collection>/documents.parquet",
    output:
        run="<results>/runs/<pruned>.trec.gz",
        outputs="<results>/runs/<pruned>.outputs.parquet",
    log:
        "<logs>/rank_lists/{baseline}-seed{seed}-{criterion}-{rate}.log",
    benchmark:
        "<benchmarks>/rank_lists/{baseline}-seed{seed}-{criterion}-{rate}.tsv"
    pathvars:
        pruned="pruned/{baseline}/seed{seed}/{criterion}-{rate}",
    wildcard_constraints:
        baseline=systems.one_of(systems.list_baselines(study)),
    conda:
        "../envs/environment.yaml"
    threads: study.threads
    resources:
        mem_mb=lambda wildcards: settings.training_memory(study, wildcards.baseline),
        gpu=GPU,
    params:
        settings=lambda wildcards: settings.of_lists(study, wildcards.baseline),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: ranking with {wildcards.criterion}-{wildcards.rate}"
    shell:
        run(
            "rank_lists $(dirname {input.model}) --collection $(dirname {input.queries}) --settings"
            " {params.settings:q} --threads {threads} --run {output.run} --outputs {output.outputs}"
        )


rule rank_random:
    input:
        documents="<collection>/documents.parquet",
        queries="<collection>/queries.parquet",
    output:
        run="<results>/runs/random.trec.gz",
    log:
        "<logs>/rank_random/random.log",
    benchmark:
        "<benchmarks>/rank_random/random.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        depth=study.evaluation.depth,
        seed=42,
    message:
        "Ranking at random"
    shell:
        run(
            "rank_random --queries {input.queries} --documents {input.documents} --depth {params.depth}"
            " --seed {params.seed} --run {output.run}"
        )
