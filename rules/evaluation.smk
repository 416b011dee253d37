"""Reference rankings, and the measures of every run."""

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
        code=code("rank_reference"),
    message:
        "Writing BM25's run"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" rank_reference bm25 --queries {input.queries} --topk {input.topk}'
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
        code=code("rank_reference"),
    message:
        "Ranking at random"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" rank_reference random --queries {input.queries}'
        " --documents {input.documents} --depth {params.depth} --seed {params.seed}"
        " --run {output.run} > {log} 2>&1"


rule evaluate:
    input:
        run=f"{RESULTS}/runs/{{slug}}.trec.gz",
        outputs=outputs_of,
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
        collection=collection_folder,
        options=evaluation_options,
        relevance=relevance_option(),
        agreement_k=config["evaluation"]["agreement_k"],
        code=code("evaluate"),
    message:
        "Evaluating {wildcards.slug}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" evaluate --run {input.run} {params.options}'
        " --system {params.system:q} --collection {params.collection} {params.relevance}"
        " --agreement-k {params.agreement_k} --output {output.metrics}"
        " --per-query {output.per_query} > {log} 2>&1"
