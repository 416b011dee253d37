"""The trainings; they differ in where they start, what they write and what their task's command is told."""

from dsi.pruning.registry import CRITERIA, one_shot
from plan import inputs, needs, settings, systems_of_study as systems

# A training's start and outcome, in the folders that its pathvars name.
START = {"start": "<results>/<start>/model.safetensors", "start_rest": inputs.checkpoint("<results>/<start>")}
MODEL = {"model": "<results>/<arm>/model.safetensors", "rest": inputs.checkpoint("<results>/<arm>")}
WRITTEN = {**MODEL, "run": "<results>/runs/<arm>.trec.gz", "outputs": "<results>/runs/<arm>.outputs.parquet"}
TRAINED = {**WRITTEN, "history": "<results>/<arm>/history.parquet"}


rule fetch_weights:
    input:
        lambda wildcards: inputs.files_at(study.models[wildcards.model].path),
    output:
        model="<results>/models/{model}/model.safetensors",
        rest=multiext("<results>/models/{model}/", "config.json", "generation_config.json"),
    log:
        "<logs>/fetch_weights/{model}.log",
    benchmark:
        "<benchmarks>/fetch_weights/{model}.tsv"
    wildcard_constraints:
        model=systems.one_of(study.models),
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=8000,
    params:
        source=lambda wildcards: study.models[wildcards.model].as_json(),
    message:
        "{wildcards.model}: fetching the pre-trained weights"
    shell:
        run("fetch_weights --source {params.source:q} --output $(dirname {output.model})")


rule restart:
    input:
        unpack(lambda wildcards: inputs.for_training(study, wildcards.baseline)),
        **START,
    output:
        **TRAINED,
    log:
        "<logs>/<job>.log",
    benchmark:
        "<benchmarks>/<job>.tsv"
    pathvars:
        arm="baselines/{baseline}/seed{seed}/restart",
        start="baselines/{baseline}/seed{seed}/dense",
        job="restart/{baseline}-seed{seed}",
    conda:
        "../envs/environment.yaml"
    threads: lambda wildcards: study.threads * needs.devices(study, wildcards.baseline)
    resources:
        mem_mb=lambda wildcards: needs.training_memory(study, wildcards.baseline),
        gpu=lambda wildcards: GPU * needs.devices(study, wildcards.baseline),
    params:
        command=lambda wildcards: settings.trainer(study, wildcards.baseline),
        code=lambda wildcards: code(settings.trainer(study, wildcards.baseline)),
        phase="E2",
        settings=lambda wildcards: settings.of_e2(study, wildcards.baseline),
        threads=study.threads,  # of each process, by the configuration: another number gives other weights
        files=lambda wildcards, input: inputs.as_options(input),
        prune="",
        state=f"{RESULTS}/.training",
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: E2 of the dense model, optimiser restarted"
    shell:
        run(
            "{params.command} --phase {params.phase} --settings {params.settings:q} --seed {wildcards.seed}"
            " --threads {params.threads} {params.files} {params.prune} --output $(dirname {output.model})"
            " --run {output.run} --outputs {output.outputs} --state {params.state} --keep --code"
            " {params.code}",
            code="{params.code}",
        )


use rule restart as dense with:
    input:
        unpack(lambda wildcards: inputs.for_e1(study, wildcards.baseline)),
    output:
        **TRAINED,
        moments="<results>/<arm>/optimizer.safetensors",
    pathvars:
        arm="baselines/{baseline}/seed{seed}/dense",
        job="dense/{baseline}-seed{seed}",
    # Everything waits for E1: start it before what is ready.
    priority: 2
    params:
        phase="E1",
        settings=lambda wildcards: settings.of_e1(study, wildcards.baseline),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: training E1 (progress in {log})"


use rule dense as initialise with:
    output:
        **WRITTEN,
    pathvars:
        arm="baselines/{baseline}/seed{seed}/initial",
        job="initialise/{baseline}-seed{seed}",
    priority: 0
    params:
        command="initialise",
        code=code("initialise"),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: the model before its first step"


use rule dense as small with:
    pathvars:
        arm="small/{baseline}/seed{seed}/ffn-{rate}",
        job="small/{baseline}-seed{seed}-{rate}",
    priority: 0
    params:
        settings=lambda wildcards: settings.of_small(study, wildcards.baseline, wildcards.rate, taught=False),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: training a model of the shape of ffn-{wildcards.rate}"


use rule small as small_taught with:
    input:
        unpack(lambda wildcards: inputs.for_e1(study, wildcards.baseline)),
        teacher="<results>/baselines/{baseline}/seed{seed}/dense/model.safetensors",
        teacher_rest=inputs.checkpoint("<results>/baselines/{baseline}/seed{seed}/dense"),
    pathvars:
        arm="small-taught/{baseline}/seed{seed}/ffn-{rate}",
        job="small_taught/{baseline}-seed{seed}-{rate}",
    params:
        settings=lambda wildcards: settings.of_small(study, wildcards.baseline, wildcards.rate, taught=True),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: the same for ffn-{wildcards.rate}, taught by dense"


use rule restart as dense_continued with:
    input:
        unpack(lambda wildcards: inputs.for_training(study, wildcards.baseline)),
        **START,
        moments="<results>/<start>/optimizer.safetensors",
    pathvars:
        arm="baselines/{baseline}/seed{seed}/dense-continued",
        start="baselines/{baseline}/seed{seed}/dense",
        job="dense_continued/{baseline}-seed{seed}",
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: E2 of the dense model, optimiser state kept"


use rule restart as recover with:
    input:
        unpack(lambda wildcards: inputs.for_training(study, wildcards.baseline)),
        **START,
        masks="<results>/<start>/masks.safetensors",
    pathvars:
        arm="recovered/{baseline}/seed{seed}/{criterion}-{rate}",
        start="pruned/{baseline}/seed{seed}/{criterion}-{rate}",
        job="recover/{baseline}-seed{seed}-{criterion}-{rate}",
    wildcard_constraints:
        criterion=systems.one_of(filter(one_shot, CRITERIA)),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: recovery of {wildcards.criterion}-{wildcards.rate}"


use rule restart as prune_in_recovery with:
    output:
        multiext("<results>/<arm>/", masks="masks.safetensors", sparsity="sparsity.json"),
        **TRAINED,
    pathvars:
        arm="recovered/{baseline}/seed{seed}/{criterion}-{rate}",
        start="baselines/{baseline}/seed{seed}/dense",
        job="prune_in_recovery/{baseline}-seed{seed}-{criterion}-{rate}",
    wildcard_constraints:
        criterion=systems.one_of(name for name in CRITERIA if not one_shot(name)),
    params:
        code=lambda wildcards: code(settings.trainer(study, wildcards.baseline), "dsi/pruning/in_training.py"),
        prune=lambda wildcards: settings.recovery_pruning_option(study, wildcards.criterion, wildcards.rate),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning to {wildcards.criterion}-{wildcards.rate} in E2"
