"""Pruned checkpoints, by weights alone or by data too; and what pruning each sublayer alone costs."""

from dsi.pruning.registry import calibrated, one_shot
from plan.inputs import calibration_inputs, checkpoint, criterion_file
from plan.settings import as_json, calibration_settings, input_options, selection_options
from plan.systems_of_study import one_of

BY_WEIGHTS = [name for name in CRITERIA if one_shot(name) and not calibrated(name)]
BY_DATA = [name for name in CRITERIA if calibrated(name)]


rule prune:
    input:
        model="<results>/baselines/{baseline}/seed{seed}/dense/model.safetensors",
        rest=checkpoint("<results>/baselines/{baseline}/seed{seed}/dense"),
    output:
        model="<results>/pruned/{baseline}/seed{seed}/{criterion}-{rate}/model.safetensors",
        masks="<results>/pruned/{baseline}/seed{seed}/{criterion}-{rate}/masks.safetensors",
        sparsity="<results>/pruned/{baseline}/seed{seed}/{criterion}-{rate}/sparsity.json",
        rest=checkpoint("<results>/pruned/{baseline}/seed{seed}/{criterion}-{rate}"),
    log:
        "<logs>/prune/{baseline}-seed{seed}-{criterion}-{rate}.log",
    benchmark:
        "<benchmarks>/prune/{baseline}-seed{seed}-{criterion}-{rate}.tsv"
    wildcard_constraints:
        criterion=one_of(BY_WEIGHTS),
    priority: 1
    conda:
        "../envs/environment.yaml"
    params:
        selection=selection_options(study),
        code=lambda wildcards: code("prune", criterion_file(wildcards.criterion)),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning by {wildcards.criterion} at {wildcards.rate}"
    shell:
        run(
            "prune",
            "$(dirname {input.model}) --criterion {wildcards.criterion} --rate {wildcards.rate}"
            " --seed {wildcards.seed} {params.selection} --output $(dirname {output.model})",
            code="{params.code}",
        )


rule prune_calibrated:
    input:
        unpack(lambda wildcards: calibration_inputs(study, wildcards.baseline)),
        model="<results>/baselines/{baseline}/seed{seed}/dense/model.safetensors",
        rest=checkpoint("<results>/baselines/{baseline}/seed{seed}/dense"),
    output:
        model="<results>/pruned/{baseline}/seed{seed}/{criterion}-{rate}/model.safetensors",
        masks="<results>/pruned/{baseline}/seed{seed}/{criterion}-{rate}/masks.safetensors",
        sparsity="<results>/pruned/{baseline}/seed{seed}/{criterion}-{rate}/sparsity.json",
        rest=checkpoint("<results>/pruned/{baseline}/seed{seed}/{criterion}-{rate}"),
    log:
        "<logs>/prune_calibrated/{baseline}-seed{seed}-{criterion}-{rate}.log",
    benchmark:
        "<benchmarks>/prune_calibrated/{baseline}-seed{seed}-{criterion}-{rate}.tsv"
    wildcard_constraints:
        criterion=one_of(BY_DATA),
    priority: 1
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=3000,
    params:
        selection=selection_options(study),
        settings=lambda wildcards: as_json(
            calibration_settings(study, wildcards.baseline, wildcards.criterion)
        ),
        files=lambda wildcards, input: input_options(input),
        code=lambda wildcards: code("prune_calibrated", criterion_file(wildcards.criterion)),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning by {wildcards.criterion} at {wildcards.rate}"
    shell:
        run(
            "prune_calibrated",
            "$(dirname {input.model}) --criterion {wildcards.criterion} --rate {wildcards.rate}"
            " --seed {wildcards.seed} {params.selection} --settings {params.settings:q}"
            " --collection $(dirname {input.queries}) --threads {threads} {params.files}"
            " --output $(dirname {output.model})",
            code="{params.code}",
        )


rule measure_sensitivity:
    input:
        model="<results>/baselines/{baseline}/seed{seed}/dense/model.safetensors",
        rest=checkpoint("<results>/baselines/{baseline}/seed{seed}/dense"),
        queries="<collection>/queries.parquet",
        qrels="<collection>/qrels.parquet",
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
        mem_mb=3000,
    params:
        relevance=json.dumps(relevance(study.selected_collection)),
        rates=[spell_rate(rate) for rate in study.rates],
        threads=study.threads,
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning one sublayer at a time"
    shell:
        run(
            "measure_sensitivity",
            "$(dirname {input.model}) --rates {params.rates} --queries {input.queries} --qrels {input.qrels}"
            " --relevance {params.relevance:q} --threads {params.threads} --output {output.values}",
        )
