"""The tokenizer, the docids, the dense model after E1, and its two controls after E2: continued and restarted."""

# Options of either task's training script that all training rules share.
TRAIN = (
    '"$DSI_PYTHON" "$DSI_SCRIPTS" {params.script} --settings {params.settings:q} --seed {wildcards.seed}'
    " --threads {threads} --collection {params.collection} {params.sources}"
    " --tokenizer $(dirname {input.tokenizer}) --output $(dirname {output.model})"
    " --run {output.run} --outputs {output.outputs} --state {params.state} --code {params.code}"
)


rule tokenizer:
    input:
        documents=f"{COLLECTION}/documents.parquet",
        queries=f"{COLLECTION}/queries.parquet",
    output:
        tokenizer=f"{BASELINE_FOLDER}/tokenizer/tokenizer.json",
        configuration=f"{BASELINE_FOLDER}/tokenizer/tokenizer_config.json",
    log:
        f"{RESULTS}/logs/tokenizer/{{baseline}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tokenizer/{{baseline}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        vocabulary=lambda wildcards: baseline(wildcards)["tokenizer"]["vocabulary"],
        code=code("train_tokenizer"),
    message:
        "{wildcards.baseline}: training the tokenizer"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" train_tokenizer --documents {input.documents}'
        " --queries {input.queries} --vocabulary {params.vocabulary}"
        " --output $(dirname {output.tokenizer}) > {log} 2>&1"


rule docids:
    input:
        unpack(docids_inputs),
    output:
        docids=f"{BASELINE_FOLDER}/docids.parquet",
    log:
        f"{RESULTS}/logs/docids/{{baseline}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/docids/{{baseline}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        options=docids_options,
        code=code("assign_docids"),
    message:
        "{wildcards.baseline}: assigning docids"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" assign_docids --documents {input.documents}'
        " --tokenizer $(dirname {input.tokenizer}) {params.options} --output {output.docids} > {log} 2>&1"


rule model_tokenizer:
    input:
        queries=f"{COLLECTION}/queries.parquet",
        documents=f"{COLLECTION}/documents.parquet",
    output:
        tokenizer=f"{RESULTS}/models/{{model}}/tokenizer/tokenizer.json",
        configuration=f"{RESULTS}/models/{{model}}/tokenizer/tokenizer_config.json",
    log:
        f"{RESULTS}/logs/model_tokenizer/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/model_tokenizer/{{model}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        command=model_tokenizer_command,
        code=lambda wildcards: code(model_tokenizer_script(wildcards)),
    message:
        "{wildcards.model}: making the tokenizer"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" {params.command} --output $(dirname {output.tokenizer}) > {log} 2>&1'


rule model_weights:
    output:
        model=f"{RESULTS}/models/{{model}}/model.safetensors",
        configuration=f"{RESULTS}/models/{{model}}/config.json",
        generation=f"{RESULTS}/models/{{model}}/generation_config.json",
    log:
        f"{RESULTS}/logs/model_weights/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/model_weights/{{model}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        source=lambda wildcards: as_json(**config["models"][wildcards.model]),
        code=code("fetch_model"),
    message:
        "{wildcards.model}: fetching the pre-trained weights"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" fetch_model weights --source {params.source:q}'
        " --output $(dirname {output.model}) > {log} 2>&1"


rule dense:
    input:
        unpack(dense_inputs),
    output:
        model=f"{SEED_FOLDER}/dense/model.safetensors",
        rest=checkpoint(f"{SEED_FOLDER}/dense"),
        moments=f"{SEED_FOLDER}/dense/optimizer.safetensors",
        history=f"{SEED_FOLDER}/dense/history.parquet",
        run=f"{RESULTS}/runs/{SEED_SLUG}/dense.trec.gz",
        outputs=f"{RESULTS}/runs/{SEED_SLUG}/dense.outputs.parquet",
    log:
        f"{RESULTS}/logs/dense/{{baseline}}-seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dense/{{baseline}}-seed{{seed}}.tsv"
    # Everything waits for E1: start it before what is ready.
    priority: 2
    conda:
        "../envs/environment.yaml"
    # Another number of threads gives other weights, so it is the configuration's, not --cores'.
    threads: config["threads"]
    resources:
        mem_mb=training_memory,
        gpu=GPU,
    params:
        settings=dense_settings,
        collection=collection_folder,
        sources=training_sources,
        script=trainer,
        state=f"{RESULTS}/.training",
        code=lambda wildcards: code(trainer(wildcards)),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: training E1 (progress in {log})"
    shell:
        f"{TRAIN} --phase E1 > {{log}} 2>&1"


rule dense_continued:
    input:
        unpack(training_inputs),
        start=f"{SEED_FOLDER}/dense/model.safetensors",
        start_rest=checkpoint(f"{SEED_FOLDER}/dense"),
        moments=f"{SEED_FOLDER}/dense/optimizer.safetensors",
    output:
        model=f"{SEED_FOLDER}/dense-continued/model.safetensors",
        rest=checkpoint(f"{SEED_FOLDER}/dense-continued"),
        history=f"{SEED_FOLDER}/dense-continued/history.parquet",
        run=f"{RESULTS}/runs/{SEED_SLUG}/dense-continued.trec.gz",
        outputs=f"{RESULTS}/runs/{SEED_SLUG}/dense-continued.outputs.parquet",
    log:
        f"{RESULTS}/logs/dense_continued/{{baseline}}-seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/dense_continued/{{baseline}}-seed{{seed}}.tsv"
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
        "{wildcards.baseline}, seed {wildcards.seed}: E2 of the dense model, optimiser state kept"
    shell:
        f"{TRAIN} --phase E2 --start $(dirname {{input.start}}) --moments {{input.moments}} > {{log}} 2>&1"


rule restart:
    input:
        unpack(training_inputs),
        start=f"{SEED_FOLDER}/dense/model.safetensors",
        start_rest=checkpoint(f"{SEED_FOLDER}/dense"),
    output:
        model=f"{SEED_FOLDER}/restart/model.safetensors",
        rest=checkpoint(f"{SEED_FOLDER}/restart"),
        history=f"{SEED_FOLDER}/restart/history.parquet",
        run=f"{RESULTS}/runs/{SEED_SLUG}/restart.trec.gz",
        outputs=f"{RESULTS}/runs/{SEED_SLUG}/restart.outputs.parquet",
    log:
        f"{RESULTS}/logs/restart/{{baseline}}-seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/restart/{{baseline}}-seed{{seed}}.tsv"
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
        "{wildcards.baseline}, seed {wildcards.seed}: E2 of the dense model, optimiser restarted"
    shell:
        f"{TRAIN} --phase E2 --start $(dirname {{input.start}}) > {{log}} 2>&1"
