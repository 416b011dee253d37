"""Tables, figures, and where the time went."""

METRICS = [f"{RESULTS}/metrics/{slug}.json" for slug in systems()]
SPARSITY = [f"{RESULTS}/{folder}/sparsity.json" for folder in pruned_folders("pruned")]
FIGURES = [
    f"{RESULTS}/figures/{name}.{suffix}"
    for name in [
        *(f"curves-{name}-{criterion}" for name in BASELINES for criterion in CRITERIA),
        *(f"rates-{name}-{criterion}" for name in BASELINES for criterion in CRITERIA),
    ]
    for suffix in ("svg", "png")
]


def facts():
    """What the tables' introduction states about the study."""
    return as_json(
        collection=config["collection"],
        e1={name: config["baselines"][name]["training"]["epochs"] for name in BASELINES},
        e2=config["recovery"]["epochs"],
        agreement_k=config["evaluation"]["agreement_k"],
    )


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
        "{PYTHON} {SCRIPTS}/make_tables.py --metrics {input.metrics} --sparsity {input.sparsity}"
        " --documents {input.documents} --facts {params.facts:q} --output {output.tables}"
        " --csv $(dirname {output.metrics}) > {log} 2>&1"


def histories(wildcards):
    """History files of a baseline and criterion, dense arms first."""
    folders = [
        *(f"baselines/{wildcards.baseline}/seed{seed}/{arm}" for seed in SEEDS for arm in DENSE_ARMS),
        *(
            f"recovered/{wildcards.baseline}/seed{seed}/{wildcards.criterion}-{rate}"
            for seed in SEEDS
            for rate in RATES
        ),
    ]
    return [f"{RESULTS}/{folder}/history.parquet" for folder in folders]


def named_histories(wildcards, input):
    """ARM=FILE for each history."""
    names = {path: Path(path).parent.name for path in input.histories}
    prefix = f"{wildcards.criterion}-"
    return " ".join(f"{name.replace(prefix, 'recovered-')}={path}" for path, name in names.items())


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
        "{PYTHON} {SCRIPTS}/plot_curves.py --history {params.histories} --title {wildcards.baseline}"
        " --svg {output.svg} --png {output.png} --dpi {params.dpi} > {log} 2>&1"


rule plot_rates:
    input:
        metrics=f"{RESULTS}/tables/metrics.csv",
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
        "{PYTHON} {SCRIPTS}/plot_rates.py --metrics {input.metrics} --baseline {wildcards.baseline}"
        " --criterion {wildcards.criterion} --confidence {params.confidence}"
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
        code=code("summarise_timings.py"),
    message:
        "Summing up where the time went"
    shell:
        "{PYTHON} {SCRIPTS}/summarise_timings.py --benchmarks {RESULTS}/benchmarks"
        " --logs {RESULTS}/logs --csv {output.csv} --markdown {output.markdown} > {log} 2>&1"
