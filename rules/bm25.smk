"""BM25: every query's list, the weight of each term in each document, and the runs of references."""

from plan import settings, systems_of_study as systems


rule search_bm25:
    input:
        index="<collection>/index/manifest.json",
        queries="<collection>/queries.parquet",
    output:
        topk="<collection>/topk.parquet",
    log:
        "<logs>/search_bm25/topk.log",
    benchmark:
        "<benchmarks>/search_bm25/topk.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        k1=study.bm25.k1,
        b=study.bm25.b,
        depth=study.bm25.depth,
    message:
        "Searching every query with BM25 to depth {params.depth}"
    shell:
        run(
            "search_bm25 --index {input.index} --queries {input.queries} --k1 {params.k1} --b {params.b}"
            " --depth {params.depth} --output {output.topk}"
        )


rule export_bm25:
    input:
        multiext("<collection>/", documents="documents.parquet", queries="queries.parquet"),
        index="<collection>/index/manifest.json",
    output:
        multiext("<collection>/bm25-", weights="weights.parquet", words="words.parquet"),
    log:
        "<logs>/export_bm25/weights.log",
    benchmark:
        "<benchmarks>/export_bm25/weights.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        k1=study.bm25.k1,
        b=study.bm25.b,
    message:
        "Exporting BM25's term weights"
    shell:
        run(
            "export_bm25 --index {input.index} --documents {input.documents} --queries {input.queries} --k1"
            " {params.k1} --b {params.b} --weights {output.weights} --words {output.words}"
        )


rule rank_bm25:
    input:
        multiext("<collection>/", topk="topk.parquet", queries="queries.parquet"),
    output:
        run="<results>/runs/bm25.trec.gz",
    log:
        "<logs>/rank_bm25/bm25.log",
    benchmark:
        "<benchmarks>/rank_bm25/bm25.tsv"
    conda:
        "../envs/environment.yaml"
    message:
        "Writing BM25's run"
    shell:
        run("rank_bm25 --queries {input.queries} --topk {input.topk} --run {output.run}")


rule rank_references:
    input:
        multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet", topk="topk.parquet"),
        documents="<collection>/documents.parquet",
        index="<collection>/index/manifest.json",
    output:
        [f"<results>/runs/{name}.trec.gz" for name in systems.untrained_references(study)],
        choices="<results>/runs/references.json",
    log:
        "<logs>/rank_references/references.log",
    benchmark:
        "<benchmarks>/rank_references/references.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        options=settings.reference_options(study),
    message:
        "Ranking with the references that need no training"
    shell:
        run(
            "rank_references {params.options} --index {input.index} --collection $(dirname {input.queries})"
            " --runs $(dirname {output.choices}) --choices {output.choices}"
        )
