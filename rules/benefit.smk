"""What pruning buys: compressed files, operations and measured latency; and what each sublayer costs."""

QUIET_ROUNDS = 50
BATCH = 64
ALL_CORES = 1024  # Snakemake cuts it down to --cores; workflow.cores would make --dag ask for a number


rule compress:
    input:
        model=f"{RESULTS}/{{stage}}/{{baseline}}/seed{{seed}}/{{name}}/model.safetensors",
        rest=checkpoint(f"{RESULTS}/{{stage}}/{{baseline}}/seed{{seed}}/{{name}}"),
        dense=f"{SEED_FOLDER}/dense/model.safetensors",
    output:
        exact=f"{RESULTS}/compressed/{{stage}}/{{baseline}}/seed{{seed}}/{{name}}.dsz",
        small=f"{RESULTS}/compressed/{{stage}}/{{baseline}}/seed{{seed}}/{{name}}.small.dsz",
        sizes=f"{RESULTS}/sizes/{{stage}}/{{baseline}}/seed{{seed}}/{{name}}.json",
    log:
        f"{RESULTS}/logs/compress/{{stage}}-{{baseline}}-seed{{seed}}-{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compress/{{stage}}-{{baseline}}-seed{{seed}}-{{name}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        length=input_length,
        code=code("compress"),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: compressing {wildcards.name}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" compress $(dirname {input.model}) --dense $(dirname {input.dense})'
        " --input-length {params.length} --output {output.exact} --small {output.small}"
        " --sizes {output.sizes} > {log} 2>&1"


rule latency:
    input:
        models=lambda wildcards: [
            f"{RESULTS}/{folder}/model.safetensors"
            for folder in pruned_folders("recovered", [wildcards.baseline], SEEDS[:1])
        ],
        dense=f"{RESULTS}/baselines/{{baseline}}/seed{SEEDS[0]}/dense/model.safetensors",
    output:
        times=f"{RESULTS}/latency/{{baseline}}.json",
    log:
        f"{RESULTS}/logs/latency/{{baseline}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/{{baseline}}.tsv"
    conda:
        "../envs/environment.yaml"
    # All cores, so that no other job disturbs the measurement; how many it uses is the configuration's.
    threads: ALL_CORES
    resources:
        mem_mb=training_memory,
        gpu=GPU,
    params:
        folders=lambda wildcards, input: " ".join(str(Path(path).parent) for path in input.models),
        length=input_length,
        threads=config["threads"],
        batch=BATCH,
        rounds=QUIET_ROUNDS,
        code=code("measure_latency"),
    message:
        "{wildcards.baseline}: measuring latency, alone on the machine"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" measure_latency {params.folders} --dense $(dirname {input.dense})'
        " --input-length {params.length} --batch {params.batch} --threads {params.threads}"
        " --rounds {params.rounds} --output {output.times} > {log} 2>&1"


rule rounded:
    input:
        models=lambda wildcards: [
            f"{RESULTS}/{folder}/{name}"
            for folder in own_folders(wildcards)
            for name in ["model.safetensors", *CHECKPOINT_FILES]
        ],
        files=lambda wildcards: [
            f"{RESULTS}/compressed/{folder}.small.dsz" for folder in own_folders(wildcards)
        ],
        queries=f"{COLLECTION}/queries.parquet",
        qrels=f"{COLLECTION}/qrels.parquet",
    output:
        values=f"{RESULTS}/rounded/{SEED_NAME}.csv",
    log:
        f"{RESULTS}/logs/rounded/{SEED_NAME}.log",
    benchmark:
        f"{RESULTS}/benchmarks/rounded/{SEED_NAME}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: config["threads"]
    resources:
        mem_mb=training_memory,
    params:
        folders=lambda wildcards: " ".join(f"{RESULTS}/{folder}" for folder in own_folders(wildcards)),
        relevance=relevance_option(),
        depth=config["evaluation"]["depth"],
        code=code("measure_rounded"),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: ranking with weights rounded to float16"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" measure_rounded {params.folders} --files {input.files}'
        " --queries {input.queries} --qrels {input.qrels} {params.relevance} --depth {params.depth}"
        " --threads {threads} --output {output.values} > {log} 2>&1"


rule benefit:
    input:
        sizes=[f"{RESULTS}/sizes/{folder}.json" for folder in measured_folders()],
        rounded=[
            f"{RESULTS}/rounded/{name}-seed{seed}.csv" for name in measured_baselines() for seed in SEEDS
        ],
        latency=[f"{RESULTS}/latency/{name}.json" for name in measured_baselines()],
        metrics=f"{RESULTS}/tables/metrics.csv",
        sparsity=f"{RESULTS}/tables/sparsity.csv",
    output:
        markdown=f"{RESULTS}/benefit.md",
        csv=f"{RESULTS}/tables/benefit.csv",
    log:
        f"{RESULTS}/logs/benefit/benefit.log",
    benchmark:
        f"{RESULTS}/benchmarks/benefit/benefit.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code("make_benefit"),
    message:
        "Writing what pruning buys"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" make_benefit --sizes {input.sizes} --rounded {input.rounded}'
        " --latency {input.latency}"
        " --metrics {input.metrics} --sparsity {input.sparsity}"
        " --output {output.markdown} --csv {output.csv} > {log} 2>&1"


rule sensitivity:
    input:
        model=f"{SEED_FOLDER}/dense/model.safetensors",
        rest=checkpoint(f"{SEED_FOLDER}/dense"),
        queries=f"{COLLECTION}/queries.parquet",
        qrels=f"{COLLECTION}/qrels.parquet",
    output:
        values=f"{RESULTS}/sensitivity/{SEED_NAME}.csv",
    log:
        f"{RESULTS}/logs/sensitivity/{SEED_NAME}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sensitivity/{SEED_NAME}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: config["threads"]
    resources:
        mem_mb=training_memory,
    params:
        relevance=relevance_option(),
        rates=" ".join(RATES),
        code=code("measure_sensitivity"),
    message:
        "{wildcards.baseline}, seed {wildcards.seed}: pruning one sublayer at a time"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" measure_sensitivity $(dirname {input.model}) --rates {params.rates}'
        " --queries {input.queries} --qrels {input.qrels} {params.relevance}"
        " --threads {threads} --output {output.values} > {log} 2>&1"


rule plot_sensitivity:
    input:
        values=lambda wildcards: [
            f"{RESULTS}/sensitivity/{wildcards.baseline}-seed{seed}.csv" for seed in SEEDS
        ],
    output:
        svg=f"{RESULTS}/figures/sensitivity-{{baseline}}.svg",
        png=f"{RESULTS}/figures/sensitivity-{{baseline}}.png",
    log:
        f"{RESULTS}/logs/plot_sensitivity/{{baseline}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_sensitivity/{{baseline}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        dpi=config["report"]["dpi"],
        code=code("plot_sensitivity"),
    message:
        "{wildcards.baseline}: drawing what each sublayer costs"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" plot_sensitivity {input.values} --title {wildcards.baseline}'
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"


rule plot_frontier:
    input:
        metrics=f"{RESULTS}/tables/metrics.csv",
        costs=lambda wildcards: (
            f"{RESULTS}/tables/{'sparsity' if wildcards.cost == 'sparsity' else 'benefit'}.csv"
        ),
    output:
        svg=f"{RESULTS}/figures/frontier-{{cost}}-{{baseline}}.svg",
        png=f"{RESULTS}/figures/frontier-{{cost}}-{{baseline}}.png",
    log:
        f"{RESULTS}/logs/plot_frontier/{{cost}}-{{baseline}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_frontier/{{cost}}-{{baseline}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        dpi=config["report"]["dpi"],
        confidence=config["report"]["confidence"],
        code=code("plot_frontier"),
    message:
        "{wildcards.baseline}: drawing quality against {wildcards.cost}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" plot_frontier --metrics {input.metrics} --costs {input.costs}'
        " --cost {wildcards.cost} --baseline {wildcards.baseline} --confidence {params.confidence}"
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"
