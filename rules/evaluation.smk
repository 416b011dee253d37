"""Reference rankings, and the measures of every run."""

import re

RANDOM_SEED = 42


rule rank_bm25:
    input:
        topk=f"{COLLECTION}/topk.parquet",
        queries=f"{COLLECTION}/queries.parquet",
    output:
        run=f"{RESULTS}/runs/bm25.trec.gz",
    log:
        f"{RESULTS}/logs/rank_bm25/bm25.log",
    benchmark:
        f"{RESULTS}/benchmarks/rank_bm25/bm25.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code("rank_reference.py"),
    message:
        "Writing BM25's run"
    shell:
        "{PYTHON} {SCRIPTS}/rank_reference.py bm25 --queries {input.queries} --topk {input.topk}"
        " --run {output.run} > {log} 2>&1"


rule rank_random:
    input:
        documents=f"{COLLECTION}/documents.parquet",
        queries=f"{COLLECTION}/queries.parquet",
    output:
        run=f"{RESULTS}/runs/random.trec.gz",
    log:
        f"{RESULTS}/logs/rank_random/random.log",
    benchmark:
        f"{RESULTS}/benchmarks/rank_random/random.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        depth=config["evaluation"]["depth"],
        seed=RANDOM_SEED,
        code=code("rank_reference.py"),
    message:
        "Ranking at random"
    shell:
        "{PYTHON} {SCRIPTS}/rank_reference.py random --queries {input.queries}"
        " --documents {input.documents} --depth {params.depth} --seed {params.seed}"
        " --run {output.run} > {log} 2>&1"


SYSTEM = re.compile(
    r"(?P<stage>baselines|pruned|recovered)/(?P<baseline>[a-z0-9-]+)/seed(?P<seed>\d+)/(?P<name>.+)"
)


def system(wildcards):
    """What the slug of a system stands for, as JSON with the columns of metrics.csv."""
    fields = dict.fromkeys(["baseline", "seed", "arm", "criterion", "rate"])
    match = SYSTEM.fullmatch(wildcards.slug)
    if match is None:
        return as_json(**{**fields, "arm": wildcards.slug})
    fields.update(baseline=match["baseline"], seed=int(match["seed"]))
    if match["stage"] == "baselines":
        return as_json(**{**fields, "arm": match["name"]})
    criterion, _, rate = match["name"].rpartition("-")
    return as_json(**{**fields, "arm": match["stage"], "criterion": criterion, "rate": float(rate)})


def loss_of(wildcards):
    """The per-query loss of a model; the reference rankings have none."""
    return [f"{RESULTS}/runs/{wildcards.slug}.loss.parquet"] if "/" in wildcards.slug else []


rule evaluate:
    input:
        run=f"{RESULTS}/runs/{{slug}}.trec.gz",
        loss=loss_of,
        queries=f"{COLLECTION}/queries.parquet",
        qrels=f"{COLLECTION}/qrels.parquet",
        topk=f"{COLLECTION}/topk.parquet",
    output:
        metrics=f"{RESULTS}/metrics/{{slug}}.json",
        per_query=f"{RESULTS}/metrics/{{slug}}.per_query.parquet",
    log:
        f"{RESULTS}/logs/evaluate/{{slug}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{slug}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        system=system,
        loss=lambda wildcards: "".join(f"--loss {path}" for path in loss_of(wildcards)),
        relevance=selected_collection()["relevance"],
        agreement_k=config["evaluation"]["agreement_k"],
        code=code("evaluate.py"),
    message:
        "Evaluating {wildcards.slug}"
    shell:
        "{PYTHON} {SCRIPTS}/evaluate.py --run {input.run} {params.loss}"
        " --system {params.system:q} --collection {COLLECTION} --relevance {params.relevance}"
        " --agreement-k {params.agreement_k} --output {output.metrics}"
        " --per-query {output.per_query} > {log} 2>&1"
