"""Pruned checkpoints, each ranked with in the same job, and what pruning each sublayer alone costs."""

from dsi.pruning.registry import CRITERIA, calibrated, one_shot
from dsi.systems import spell_rate
from plan import inputs, needs, settings, systems_of_study as systems

DENSE = {"model": "<results>/<dense>/model.safetensors", "rest": inputs.checkpoint("<results>/<dense>")}


rule prune:
    input:
        unpack(lambda wildcards: inputs.for_ranking(study, wildcards.baseline)),
        **DENSE,
    output:
        multiext("<results>/<pruned>/", model="model.safetensors", masks="masks.safetensors"),
        multiext("<results>/runs/<pruned>", run=".trec.gz", outputs=".outputs.parquet"),
        rest=inputs.checkpoint("<results>/<pruned>"),
        sparsity="<results>/<pruned>/sparsity.json",
    log:
        "<logs>/<job>.log",
    benchmark:
        "<benchmarks>/<job>.tsv"
    pathvars:
        dense="baselines/{baseline}/seed{seed}/dense",
        pruned="pruned/{baseline}/seed{seed}/{criterion}-{rate}",
        job="prune/{baseline}-seed{seed}-{criterion}-{rate}",
    wildcard_constraints:
        criterion=systems.one_of(name for name in CRITERIA if one_shot(name) and not calibrated(name)),
    priority: 1
    conda:
        "../envs/environment.yaml"
    threads: study.threads
    resources:
        mem_mb=lambda wildcards: needs.model_memory(study, wildcards.baseline),
        gpu=GPU,
    params:
        command=lambda wildcards: settings.pruner(study, wildcards.baseline),
        selection=settings.selection_options(study),
        settings=lambda wildcards: settings.ranking_option(study, wildcards.baseline),
        files=lambda wildcards, input: inputs.as_options(input),
        threads=study.threads,  # of the ranking; the weights are pruned on one
        code=lambda wildcards: code(
            settings.pruner(study, wildcards.baseline), inputs.criterion_file(wildcards.criterion)
        ),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning by {wildcards.criterion} at {wildcards.rate}"
    shell:
        run(
            "{params.command} $(dirname {input.model}) --criterion {wildcards.criterion} --rate"
            " {wildcards.rate} --seed {wildcards.seed} {params.selection} {params.settings} {params.files}"
            " --threads {params.threads} --output $(dirname {output.model}) --run {output.run} --outputs"
            " {output.outputs}",
            code="{params.code}",
        )


use rule prune as prune_calibrated with:
    input:
        unpack(lambda wildcards: inputs.for_calibration(study, wildcards.baseline)),
        **DENSE,
    pathvars:
        dense="baselines/{baseline}/seed{seed}/dense",
        pruned="pruned/{baseline}/seed{seed}/{criterion}-{rate}",
        job="prune_calibrated/{baseline}-seed{seed}-{criterion}-{rate}",
    wildcard_constraints:
        criterion=systems.one_of(filter(calibrated, CRITERIA)),
    params:
        command="prune_calibrated",
        settings=lambda wildcards: settings.calibration_options(study, wildcards.baseline),
        code=lambda wildcards: code("prune_calibrated", inputs.criterion_file(wildcards.criterion)),


rule measure_sensitivity:
    input:
        multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet"),
        model="<results>/baselines/{baseline}/seed{seed}/dense/model.safetensors",
        rest=inputs.checkpoint("<results>/baselines/{baseline}/seed{seed}/dense"),
    output:
        values="<results>/sensitivity/{baseline}-seed{seed}.csv",
    log:
        "<logs>/measure_sensitivity/{baseline}-seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_sensitivity/{baseline}-seed{seed}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: study.threads
    resources:
        gpu=GPU,
    params:
        rates=[spell_rate(rate) for rate in study.rates],
        relevance=settings.relevance(study),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning one sublayer at a time"
    shell:
        run(
            "measure_sensitivity $(dirname {input.model}) --rates {params.rates} --queries {input.queries}"
            " --qrels {input.qrels} --relevance {params.relevance:q} --threads {threads} --output {output}"
        )
