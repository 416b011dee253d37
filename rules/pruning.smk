"""Pruned checkpoints, their rankings, and their recovery; or both in one."""

AT_ONCE = "|".join(name for name in KNOWN_CRITERIA if one_shot(name))


rule prune:
    input:
        unpack(calibration_inputs),
        model=f"{SEED_FOLDER}/dense/model.safetensors",
        rest=checkpoint(f"{SEED_FOLDER}/dense"),
    output:
        model=f"{RESULTS}/{PRUNED_SLUG}/model.safetensors",
        masks=f"{RESULTS}/{PRUNED_SLUG}/masks.safetensors",
        sparsity=f"{RESULTS}/{PRUNED_SLUG}/sparsity.json",
        rest=checkpoint(f"{RESULTS}/{PRUNED_SLUG}"),
    log:
        f"{RESULTS}/logs/prune/{PRUNED_NAME}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prune/{PRUNED_NAME}.tsv"
    wildcard_constraints:
        criterion=AT_ONCE,
    priority: 1
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: 3000 if calibrated(wildcards.criterion) else 1000,
    params:
        selection=selection,
        calibration=calibration_options,
        script=pruner,
        code=lambda wildcards: code(pruner(wildcards)),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning by {wildcards.criterion} at {wildcards.rate}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" {params.script} $(dirname {input.model})'
        " --criterion {wildcards.criterion} --rate {wildcards.rate} --seed {wildcards.seed}"
        " {params.selection} {params.calibration} --output $(dirname {output.model}) > {log} 2>&1"


rule rank_pruned:
    input:
        unpack(ranking_inputs),
        model=f"{RESULTS}/{PRUNED_SLUG}/model.safetensors",
        rest=checkpoint(f"{RESULTS}/{PRUNED_SLUG}"),
    output:
        run=f"{RESULTS}/runs/{PRUNED_SLUG}.trec.gz",
        outputs=f"{RESULTS}/runs/{PRUNED_SLUG}.outputs.parquet",
    log:
        f"{RESULTS}/logs/rank_pruned/{PRUNED_NAME}.log",
    benchmark:
        f"{RESULTS}/benchmarks/rank_pruned/{PRUNED_NAME}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: config["threads"]
    resources:
        mem_mb=training_memory,
        gpu=GPU,
    params:
        options=ranking_options,
        script=ranker,
        code=lambda wildcards: code(ranker(wildcards)),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: ranking with {wildcards.criterion}-{wildcards.rate}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" {params.script} $(dirname {input.model}) {params.options}'
        " --threads {threads} --run {output.run} --outputs {output.outputs} > {log} 2>&1"


rule recover:
    input:
        unpack(training_inputs),
        start=f"{RESULTS}/{PRUNED_SLUG}/model.safetensors",
        start_rest=checkpoint(f"{RESULTS}/{PRUNED_SLUG}"),
        masks=f"{RESULTS}/{PRUNED_SLUG}/masks.safetensors",
    output:
        model=f"{RESULTS}/{RECOVERED_SLUG}/model.safetensors",
        rest=checkpoint(f"{RESULTS}/{RECOVERED_SLUG}"),
        history=f"{RESULTS}/{RECOVERED_SLUG}/history.parquet",
        run=f"{RESULTS}/runs/{RECOVERED_SLUG}.trec.gz",
        outputs=f"{RESULTS}/runs/{RECOVERED_SLUG}.outputs.parquet",
    log:
        f"{RESULTS}/logs/recover/{PRUNED_NAME}.log",
    benchmark:
        f"{RESULTS}/benchmarks/recover/{PRUNED_NAME}.tsv"
    wildcard_constraints:
        criterion=AT_ONCE,
    conda:
        "../envs/environment.yaml"
    threads: config["threads"]
    resources:
        mem_mb=training_memory,
        gpu=GPU,
    params:
        settings=recovery_settings,
        collection=collection_folder,
        sources=training_sources,
        script=trainer,
        state=f"{RESULTS}/.training",
        code=lambda wildcards: code(trainer(wildcards)),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: recovery of {wildcards.criterion}-{wildcards.rate}"
    shell:
        f"{TRAIN} --phase E2 --start $(dirname {{input.start}}) --masks {{input.masks}} > {{log}} 2>&1"


rule gradual:
    input:
        unpack(training_inputs),
        start=f"{SEED_FOLDER}/dense/model.safetensors",
        start_rest=checkpoint(f"{SEED_FOLDER}/dense"),
    output:
        model=f"{RESULTS}/{GRADUAL_SLUG}/model.safetensors",
        rest=checkpoint(f"{RESULTS}/{GRADUAL_SLUG}"),
        history=f"{RESULTS}/{GRADUAL_SLUG}/history.parquet",
        masks=f"{RESULTS}/{GRADUAL_SLUG}/masks.safetensors",
        sparsity=f"{RESULTS}/{GRADUAL_SLUG}/sparsity.json",
        run=f"{RESULTS}/runs/{GRADUAL_SLUG}.trec.gz",
        outputs=f"{RESULTS}/runs/{GRADUAL_SLUG}.outputs.parquet",
    log:
        f"{RESULTS}/logs/gradual/{{baseline}}-seed{{seed}}-{{rate}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/gradual/{{baseline}}-seed{{seed}}-{{rate}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: config["threads"]
    resources:
        mem_mb=training_memory,
        gpu=GPU,
    params:
        settings=recovery_settings,
        collection=collection_folder,
        sources=training_sources,
        script="train_gradual",
        task=lambda wildcards: TASK[wildcards.baseline],
        growth=" ".join(f"--{key} {value}" for key, value in config["pruning"]["gradual"].items()),
        selection=selection,
        state=f"{RESULTS}/.training",
        code=code("train_gradual"),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: recovery with masks that grow to {wildcards.rate}"
    shell:
        f"{TRAIN} --phase E2 --start $(dirname {{input.start}}) --task {{params.task}} --rate {{wildcards.rate}}"
        " {params.growth} {params.selection} > {log} 2>&1"
