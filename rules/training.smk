"""The five trainings: E1, and in E2 its two controls, the recovery of what was pruned, and pruning in recovery.

They differ in where they start, what they write and what is told to the command of the baseline's task.
"""

from plan.inputs import checkpoint, dense_inputs, training_inputs
from plan.settings import (
    as_json,
    dense_settings,
    gradual_settings,
    input_options,
    recovery_settings,
    trainer,
    training_memory,
)
from plan.systems_of_study import one_of

ONE_SHOT = [name for name in CRITERIA if one_shot(name)]


rule fetch_weights:
    output:
        model="<results>/models/{model}/model.safetensors",
        configuration="<results>/models/{model}/config.json",
        generation="<results>/models/{model}/generation_config.json",
    log:
        "<logs>/fetch_weights/{model}.log",
    benchmark:
        "<benchmarks>/fetch_weights/{model}.tsv"
    wildcard_constraints:
        model=one_of(study.models),
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=8000,
    params:
        source=lambda wildcards: study.models[wildcards.model].as_json(),
    message:
        "{wildcards.model}: fetching the pre-trained weights"
    shell:
        run("fetch_weights", "--source {params.source:q} --output $(dirname {output.model})")


rule restart:
    pathvars:
        arm="baselines/{baseline}/seed{seed}/restart",
        start="baselines/{baseline}/seed{seed}/dense",
        job="restart/{baseline}-seed{seed}",
    input:
        unpack(lambda wildcards: training_inputs(study, wildcards.baseline)),
        start="<results>/<start>/model.safetensors",
        start_rest=checkpoint("<results>/<start>"),
    output:
        model="<results>/<arm>/model.safetensors",
        rest=checkpoint("<results>/<arm>"),
        history="<results>/<arm>/history.parquet",
        run="<results>/runs/<arm>.trec.gz",
        outputs="<results>/runs/<arm>.outputs.parquet",
    log:
        "<logs>/<job>.log",
    benchmark:
        "<benchmarks>/<job>.tsv"
    conda:
        "../envs/environment.yaml"
    threads: study.threads
    resources:
        mem_mb=lambda wildcards: training_memory(study, wildcards.baseline),
        gpu=GPU,
    params:
        command=lambda wildcards: trainer(study, wildcards.baseline),
        code=lambda wildcards: code(trainer(study, wildcards.baseline)),
        phase="E2",
        settings=lambda wildcards: as_json(recovery_settings(study, wildcards.baseline)),
        # Another number of threads gives other weights, so it is the configuration's, not --cores'.
        threads=study.threads,
        files=lambda wildcards, input: input_options(input),
        more="",
        state=f"{RESULTS}/.training",
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: E2 of the dense model, optimiser restarted"
    shell:
        run(
            "{params.command}",
            "--phase {params.phase} --settings {params.settings:q} --seed {wildcards.seed}"
            " --threads {params.threads} --collection $(dirname {input.queries})"
            " --tokenizer $(dirname {input.tokenizer}) {params.files} {params.more}"
            " --output $(dirname {output.model}) --run {output.run} --outputs {output.outputs}"
            " --state {params.state} --code {params.code}",
            code="{params.code}",
        )


use rule restart as dense with:
    pathvars:
        arm="baselines/{baseline}/seed{seed}/dense",
        job="dense/{baseline}-seed{seed}",
    input:
        unpack(lambda wildcards: dense_inputs(study, wildcards.baseline)),
    output:
        model="<results>/<arm>/model.safetensors",
        rest=checkpoint("<results>/<arm>"),
        moments="<results>/<arm>/optimizer.safetensors",
        history="<results>/<arm>/history.parquet",
        run="<results>/runs/<arm>.trec.gz",
        outputs="<results>/runs/<arm>.outputs.parquet",
    # Everything waits for E1: start it before what is ready.
    priority: 2
    params:
        phase="E1",
        settings=lambda wildcards: as_json(dense_settings(study, wildcards.baseline)),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: training E1 (progress in {log})"


use rule restart as dense_continued with:
    pathvars:
        arm="baselines/{baseline}/seed{seed}/dense-continued",
        start="baselines/{baseline}/seed{seed}/dense",
        job="dense_continued/{baseline}-seed{seed}",
    input:
        unpack(lambda wildcards: training_inputs(study, wildcards.baseline)),
        start="<results>/<start>/model.safetensors",
        start_rest=checkpoint("<results>/<start>"),
        moments="<results>/<start>/optimizer.safetensors",
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: E2 of the dense model, optimiser state kept"


use rule restart as recover with:
    pathvars:
        arm="recovered/{baseline}/seed{seed}/{criterion}-{rate}",
        start="pruned/{baseline}/seed{seed}/{criterion}-{rate}",
        job="recover/{baseline}-seed{seed}-{criterion}-{rate}",
    input:
        unpack(lambda wildcards: training_inputs(study, wildcards.baseline)),
        start="<results>/<start>/model.safetensors",
        start_rest=checkpoint("<results>/<start>"),
        masks="<results>/<start>/masks.safetensors",
    wildcard_constraints:
        criterion=one_of(ONE_SHOT),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: recovery of {wildcards.criterion}-{wildcards.rate}"


use rule restart as gradual with:
    pathvars:
        arm="recovered/{baseline}/seed{seed}/gradual-{rate}",
        start="baselines/{baseline}/seed{seed}/dense",
        job="gradual/{baseline}-seed{seed}-{rate}",
    output:
        model="<results>/<arm>/model.safetensors",
        rest=checkpoint("<results>/<arm>"),
        history="<results>/<arm>/history.parquet",
        masks="<results>/<arm>/masks.safetensors",
        sparsity="<results>/<arm>/sparsity.json",
        run="<results>/runs/<arm>.trec.gz",
        outputs="<results>/runs/<arm>.outputs.parquet",
    params:
        more=lambda wildcards: gradual_option(study, wildcards.rate),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: recovery with masks that grow to {wildcards.rate}"
