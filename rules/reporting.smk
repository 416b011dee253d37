"""Tables, figures, and where the time went."""

UNPRUNED = "dense"  # in place of a criterion in the name of a figure
METRICS = [f"{RESULTS}/metrics/{slug}.json" for slug in systems()]
SPARSITY = [f"{RESULTS}/{folder}/sparsity.json" for folder in pruned_folders("pruned")]
FIGURES = [
    f"{RESULTS}/figures/{name}.{suffix}"
    for name in [
        *(f"curves-{name}-{criterion}" for name in PRUNED_BASELINES for criterion in CRITERIA),
        *(f"curves-{name}-{UNPRUNED}" for name in BASELINES if name not in PRUNED_BASELINES),
        *(f"rates-{name}-{criterion}" for name in PRUNED_BASELINES for criterion in CRITERIA),
    ]
    for suffix in ("svg", "png")
]


rule tables:
    input:
        metrics=METRICS,
        sparsity=SPARSITY,
        documents=f"{COLLECTION}/documents.parquet",
    output:
        tables=f"{RESULTS}/tables.md",
        metrics=f"{RESULTS}/tables/metrics.csv",
        sparsity=f"{RESULTS}/tables/sparsity.csv",
    log:
        f"{RESULTS}/logs/tables/tables.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/tables.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        facts=facts(),
        code=code("make_tables.py"),
    message:
        "Writing the tables"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/make_tables.py --metrics {input.metrics} --sparsity {input.sparsity}'
        " --documents {input.documents} --facts {params.facts:q} --output {output.tables}"
        " --csv $(dirname {output.metrics}) > {log} 2>&1"


rule plot_curves:
    input:
        histories=histories,
    output:
        svg=f"{RESULTS}/figures/curves-{{baseline}}-{{criterion}}.svg",
        png=f"{RESULTS}/figures/curves-{{baseline}}-{{criterion}}.png",
    log:
        f"{RESULTS}/logs/plot_curves/{{baseline}}-{{criterion}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_curves/{{baseline}}-{{criterion}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        histories=named_histories,
        dpi=config["report"]["dpi"],
        code=code("plot_curves.py"),
    message:
        "{wildcards.baseline}: drawing the training curves"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/plot_curves.py --history {params.histories} --title {wildcards.baseline}'
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"


rule plot_rates:
    input:
        metrics=f"{RESULTS}/tables/metrics.csv",
        sparsity=f"{RESULTS}/tables/sparsity.csv",
    output:
        svg=f"{RESULTS}/figures/rates-{{baseline}}-{{criterion}}.svg",
        png=f"{RESULTS}/figures/rates-{{baseline}}-{{criterion}}.png",
    log:
        f"{RESULTS}/logs/plot_rates/{{baseline}}-{{criterion}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_rates/{{baseline}}-{{criterion}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        dpi=config["report"]["dpi"],
        confidence=config["report"]["confidence"],
        code=code("plot_rates.py"),
    message:
        "{wildcards.baseline}: drawing quality against rate"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/plot_rates.py --metrics {input.metrics} --sparsity {input.sparsity}'
        " --baseline {wildcards.baseline} --criterion {wildcards.criterion} --confidence {params.confidence}"
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"


rule timings:
    input:
        rules.tables.output.tables,
        FIGURES,
    output:
        markdown=f"{RESULTS}/timings.md",
        csv=f"{RESULTS}/timings.csv",
    log:
        f"{RESULTS}/logs/timings/timings.log",
    benchmark:
        f"{RESULTS}/benchmarks/timings/timings.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        benchmarks=f"{RESULTS}/benchmarks",
        logs=f"{RESULTS}/logs",
        code=code("summarise_timings.py"),
    message:
        "Summing up where the time went"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/summarise_timings.py --benchmarks {params.benchmarks}'
        " --logs {params.logs} --csv {output.csv} --markdown {output.markdown} > {log} 2>&1"
