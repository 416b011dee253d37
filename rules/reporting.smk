"""Tables, figures, and where the time went."""

METRICS = [f"{RESULTS}/metrics/{slug}.json" for slug in systems()]
PER_QUERY = [f"{RESULTS}/metrics/{slug}.per_query.parquet" for slug in systems()]
STUDY = f"{RESULTS}/tables/study.md"
SPARSITY = [f"{RESULTS}/{folder}/sparsity.json" for folder in masked_folders()]
FIGURES = [
    f"{RESULTS}/figures/{name}.{suffix}"
    for name in [
        *(f"curves-{name}-{criterion}" for name in PRUNED_BASELINES for criterion in CRITERIA),
        *(f"curves-{name}-{UNPRUNED}" for name in BASELINES if name not in PRUNED_BASELINES),
        *(f"rates-{name}-{criterion}" for name in PRUNED_BASELINES for criterion in CRITERIA),
        *(f"lost-{name}-{criterion}" for name in PRUNED_BASELINES for criterion in CRITERIA),
        *frontier_figures(),
        *study_figures(),
        *(["ablation"] if compared_baselines() else []),
    ]
    for suffix in ("svg", "png")
]


BENEFIT = [f"{RESULTS}/benefit.md"] if config["report"]["benefit"] else []


rule tables:
    input:
        metrics=METRICS,
        per_query=PER_QUERY,
        study=[STUDY] if study_slugs() else [],
        sparsity=SPARSITY,
        documents=f"{COLLECTION}/documents.parquet",
    output:
        tables=f"{RESULTS}/tables.md",
        metrics=f"{RESULTS}/tables/metrics.csv",
        sparsity=f"{RESULTS}/tables/sparsity.csv",
        verdicts=f"{RESULTS}/tables/verdicts.csv",
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
        confidence=config["report"]["confidence"],
        margin=config["report"]["margin"],
        study=lambda wildcards, input: " ".join(f"--study {path}" for path in input.study),
        code=code("make_tables"),
    message:
        "Writing the tables"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" make_tables --metrics {input.metrics} --sparsity {input.sparsity}'
        " --documents {input.documents} --facts {params.facts:q} --confidence {params.confidence}"
        " --margin {params.margin} {params.study} --output {output.tables}"
        " --csv $(dirname {output.metrics}) > {log} 2>&1"


rule study_tables:
    input:
        metrics=[f"{RESULTS}/metrics/{slug}.json" for slug in study_slugs()],
        histories=[f"{RESULTS}/{slug}/history.parquet" for slug in study_slugs("dense")],
        outputs=[f"{RESULTS}/runs/{slug}.outputs.parquet" for slug in best_slugs()],
        queries=f"{COLLECTION}/queries.parquet",
        qrels=f"{COLLECTION}/qrels.parquet",
        topk=f"{COLLECTION}/topk.parquet",
    output:
        tables=STUDY,
        csv=f"{RESULTS}/tables/study.csv",
    log:
        f"{RESULTS}/logs/study_tables/tables.log",
    benchmark:
        f"{RESULTS}/benchmarks/study_tables/tables.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        rows=json.dumps(config["published"], sort_keys=True),
        collection=collection_folder,
        relevance=relevance_option(),
        code=code("make_study_tables"),
    message:
        "Writing the study's own tables"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" make_study_tables --metrics {input.metrics} --rows {params.rows:q}'
        " --histories {input.histories} --outputs {input.outputs} --collection {params.collection}"
        " {params.relevance} --output {output.tables} --csv {output.csv} > {log} 2>&1"


rule compare_baselines:
    input:
        metrics=[f"{RESULTS}/metrics/{slug}.json" for slug in compared_slugs()],
        per_query=[f"{RESULTS}/metrics/{slug}.per_query.parquet" for slug in compared_slugs()],
    output:
        tables=f"{RESULTS}/ablation.md",
        csv=f"{RESULTS}/tables/ablation.csv",
        svg=f"{RESULTS}/figures/ablation.svg",
        png=f"{RESULTS}/figures/ablation.png",
    log:
        f"{RESULTS}/logs/compare_baselines/ablation.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_baselines/ablation.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=as_json(**compared_baselines()),
        reference=config["report"]["reference"],
        benchmarks=f"{RESULTS}/benchmarks/dense",
        confidence=config["report"]["confidence"],
        dpi=config["report"]["dpi"],
        code=code("compare_baselines"),
    message:
        "Comparing the baselines"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" compare_baselines --reference {params.reference}'
        " --metrics {input.metrics} --benchmarks {params.benchmarks} --settings {params.settings:q}"
        " --confidence {params.confidence} --output {output.tables} --csv {output.csv}"
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"


rule plot_study:
    input:
        histories=study_histories,
    output:
        svg=f"{RESULTS}/figures/{{study_figure}}.svg",
        png=f"{RESULTS}/figures/{{study_figure}}.png",
    log:
        f"{RESULTS}/logs/plot_study/{{study_figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_study/{{study_figure}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        drawing=lambda wildcards: study_figures()[wildcards.study_figure].options(RESULTS),
        dpi=config["report"]["dpi"],
        code=code("plot_study"),
    message:
        "Drawing {wildcards.study_figure}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" plot_study {params.drawing}'
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"


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
        code=code("plot_curves"),
    message:
        "{wildcards.baseline}: drawing the training curves"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" plot_curves --history {params.histories} --title {wildcards.baseline}'
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
        code=code("plot_rates"),
    message:
        "{wildcards.baseline}: drawing quality against rate"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" plot_rates --metrics {input.metrics} --sparsity {input.sparsity}'
        " --baseline {wildcards.baseline} --criterion {wildcards.criterion} --confidence {params.confidence}"
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"


rule timings:
    input:
        rules.tables.output.tables,
        FIGURES,
        BENEFIT,
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
        code=code("summarise_timings"),
    message:
        "Summing up where the time went"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" summarise_timings --benchmarks {params.benchmarks}'
        " --logs {params.logs} --csv {output.csv} --markdown {output.markdown} > {log} 2>&1"


rule plot_lost:
    input:
        metrics=lambda wildcards: [f"{RESULTS}/metrics/{slug}.json" for slug in lost_slugs(wildcards)],
        per_query=lambda wildcards: [
            f"{RESULTS}/metrics/{slug}.per_query.parquet" for slug in lost_slugs(wildcards)
        ],
        queries=f"{COLLECTION}/queries.parquet",
    output:
        svg=f"{RESULTS}/figures/lost-{{baseline}}-{{criterion}}.svg",
        png=f"{RESULTS}/figures/lost-{{baseline}}-{{criterion}}.png",
        csv=f"{RESULTS}/tables/lost-{{baseline}}-{{criterion}}.csv",
    log:
        f"{RESULTS}/logs/plot_lost/{{baseline}}-{{criterion}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot_lost/{{baseline}}-{{criterion}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        dpi=config["report"]["dpi"],
        code=code("plot_lost"),
    message:
        "{wildcards.baseline}: drawing which queries are lost first"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" plot_lost --metrics {input.metrics} --baseline {wildcards.baseline}'
        " --criterion {wildcards.criterion} --queries {input.queries} --csv {output.csv}"
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"
