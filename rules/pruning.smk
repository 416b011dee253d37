"""Pruned checkpoints, their rankings, and their recovery."""


rule prune:
    input:
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
    priority: 1
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        lm_head="--lm-head" if config["pruning"]["lm_head"] else "",
        embedding="--embedding" if config["pruning"]["embedding"] else "",
        code=code("prune.py"),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning by {wildcards.criterion} at {wildcards.rate}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/prune.py $(dirname {input.model}) --criterion {wildcards.criterion}'
        " --rate {wildcards.rate} {params.lm_head} {params.embedding}"
        " --output $(dirname {output.model}) > {log} 2>&1"


rule rank_pruned:
    input:
        model=f"{RESULTS}/{PRUNED_SLUG}/model.safetensors",
        rest=checkpoint(f"{RESULTS}/{PRUNED_SLUG}"),
        queries=f"{COLLECTION}/queries.parquet",
        qrels=f"{COLLECTION}/qrels.parquet",
    output:
        run=f"{RESULTS}/runs/{PRUNED_SLUG}.trec.gz",
        loss=f"{RESULTS}/runs/{PRUNED_SLUG}.loss.parquet",
    log:
        f"{RESULTS}/logs/rank_pruned/{PRUNED_NAME}.log",
    benchmark:
        f"{RESULTS}/benchmarks/rank_pruned/{PRUNED_NAME}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: config["threads"]
    resources:
        mem_mb=2000,
    params:
        relevance=selected_collection()["relevance"],
        depth=config["evaluation"]["depth"],
        max_tokens=lambda wildcards: baseline(wildcards)["training"]["max_tokens"],
        code=code("rank.py"),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: ranking with {wildcards.criterion}-{wildcards.rate}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/rank.py $(dirname {input.model}) --queries {input.queries}'
        " --qrels {input.qrels} --relevance {params.relevance} --depth {params.depth}"
        " --max-tokens {params.max_tokens} --threads {threads}"
        " --run {output.run} --loss {output.loss} > {log} 2>&1"


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
        loss=f"{RESULTS}/runs/{RECOVERED_SLUG}.loss.parquet",
    log:
        f"{RESULTS}/logs/recover/{PRUNED_NAME}.log",
    benchmark:
        f"{RESULTS}/benchmarks/recover/{PRUNED_NAME}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: config["threads"]
    resources:
        mem_mb=3000,
        gpu=GPU,
    params:
        settings=recovery_settings,
        collection=collection_folder,
        state=f"{RESULTS}/.training",
        code=code("train.py"),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: recovery of {wildcards.criterion}-{wildcards.rate}"
    shell:
        f"{TRAIN} --phase E2 --start $(dirname {{input.start}}) --masks {{input.masks}} > {{log}} 2>&1"
