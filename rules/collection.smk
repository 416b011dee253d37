"""From a source of documents to queries, judgements, an index, BM25's lists."""

from plan.sources import corpus_source, local_query_files, query_sources

# With a scope the documents are chosen from a larger corpus, and the index is built from those.
KIND = selected_collection()["kind"]
SCOPED = "scope" in selected_collection()
DOCUMENTS = f"{COLLECTION}/documents.parquet"
CORPUS = f"{COLLECTION}/corpus.parquet" if SCOPED else DOCUMENTS
CORPUS_INDEX = f"{COLLECTION}/corpus-index/manifest.json" if SCOPED else INDEX


if KIND == "pydocs":

    rule pydocs:
        output:
            documents=f"{COLLECTION}/documents.parquet",
            queries=f"{COLLECTION}/queries.parquet",
            qrels=f"{COLLECTION}/qrels.parquet",
        log:
            f"{RESULTS}/logs/pydocs/{config['collection']}.log",
        benchmark:
            f"{RESULTS}/benchmarks/pydocs/{config['collection']}.tsv"
        conda:
            "../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=1000,
        params:
            packages=" ".join(sorted(selected_collection()["packages"])),
            versions=package_versions(selected_collection()["packages"]),
            split=as_json(**selected_collection()["split"]),
            code=code("collect_pydocs"),
        message:
            "Reading the docstrings of {params.versions}"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS" collect_pydocs --packages {params.packages} --split {params.split:q}'
            " --output $(dirname {output.documents}) > {log} 2>&1"


if KIND == "index":

    rule fetch_index:
        input:
            local_files("index"),
        output:
            manifest=CORPUS_INDEX,
        log:
            f"{RESULTS}/logs/fetch_index/{config['collection']}.log",
        benchmark:
            f"{RESULTS}/benchmarks/fetch_index/{config['collection']}.tsv"
        conda:
            "../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=1000,
        params:
            source=as_json(**selected_collection()["index"]),
            cache=f"{RESULTS}/downloads",
            code=code("fetch_index"),
        message:
            "Fetching the Lucene index (progress in {log})"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS" fetch_index --source {params.source:q}'
            " --cache {params.cache} --manifest {output.manifest} > {log} 2>&1"

    rule documents:
        input:
            index=CORPUS_INDEX,
        output:
            documents=CORPUS,
        log:
            f"{RESULTS}/logs/documents/{config['collection']}.log",
        benchmark:
            f"{RESULTS}/benchmarks/documents/{config['collection']}.tsv"
        conda:
            "../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            code=code("export_documents"),
        message:
            "Reading the documents that the index stores"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS" export_documents --index {input.index}'
            " --output {output.documents} > {log} 2>&1"


if KIND in ("files", "ir_datasets"):

    rule corpus:
        input:
            local_files("corpus") if KIND == "files" else [],
        output:
            documents=CORPUS,
        log:
            f"{RESULTS}/logs/corpus/{config['collection']}.log",
        benchmark:
            f"{RESULTS}/benchmarks/corpus/{config['collection']}.tsv"
        conda:
            "../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=lambda wildcards, input: max(4000, int(3 * input.size_mb)),
        params:
            corpus=as_json(**corpus_source(selected_collection())),
            cache=f"{RESULTS}/downloads",
            code=code("collect_files"),
        message:
            "Reading the corpus (progress in {log})"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS" collect_files --corpus {params.corpus:q}'
            " --cache {params.cache} --output {output.documents} > {log} 2>&1"


if KIND != "pydocs":

    rule topics:
        input:
            local_query_files(selected_collection()),
            documents=CORPUS,
        output:
            queries=f"{COLLECTION}/queries.parquet",
            qrels=f"{COLLECTION}/qrels.parquet",
        log:
            f"{RESULTS}/logs/topics/{config['collection']}.log",
        benchmark:
            f"{RESULTS}/benchmarks/topics/{config['collection']}.tsv"
        conda:
            "../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=1000,
        params:
            queries=as_json(**query_sources(selected_collection())),
            cache=f"{RESULTS}/downloads",
            code=code("collect_topics"),
        message:
            "Reading topics and judgements"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS" collect_topics --queries {params.queries:q}'
            " --documents {input.documents} --cache {params.cache}"
            " --output $(dirname {output.queries}) > {log} 2>&1"


if SCOPED:

    rule scope:
        input:
            corpus=CORPUS,
            qrels=f"{COLLECTION}/qrels.parquet",
        output:
            documents=DOCUMENTS,
            counts=f"{COLLECTION}/scope.json",
        log:
            f"{RESULTS}/logs/scope/{config['collection']}.log",
        benchmark:
            f"{RESULTS}/benchmarks/scope/{config['collection']}.tsv"
        conda:
            "../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            sample=selected_collection()["scope"]["sample"],
            seed=selected_collection()["scope"]["seed"],
            code=code("scope_documents"),
        message:
            "Keeping the judged documents and {params.sample} others"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS" scope_documents --corpus {input.corpus} --qrels {input.qrels}'
            " --sample {params.sample} --seed {params.seed}"
            " --documents {output.documents} --counts {output.counts} > {log} 2>&1"


if KIND != "index" or SCOPED:

    rule index:
        input:
            documents=f"{COLLECTION}/documents.parquet",
        output:
            manifest=INDEX,
        log:
            f"{RESULTS}/logs/index/index.log",
        benchmark:
            f"{RESULTS}/benchmarks/index/index.tsv"
        conda:
            "../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=2000,
        params:
            code=code("build_index"),
        message:
            "Building the Lucene index"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS" build_index --documents {input.documents} --manifest {output.manifest}'
            " > {log} 2>&1"


rule topk:
    input:
        index=INDEX,
        queries=f"{COLLECTION}/queries.parquet",
    output:
        topk=f"{COLLECTION}/topk.parquet",
    log:
        f"{RESULTS}/logs/topk/topk.log",
    benchmark:
        f"{RESULTS}/benchmarks/topk/topk.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        k1=config["bm25"]["k1"],
        b=config["bm25"]["b"],
        depth=config["bm25"]["depth"],
        code=code("search_bm25"),
    message:
        "Searching every query with BM25 to depth {params.depth}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" search_bm25 --index {input.index} --queries {input.queries}'
        " --k1 {params.k1} --b {params.b} --depth {params.depth} --output {output.topk} > {log} 2>&1"


rule bm25_weights:
    input:
        index=INDEX,
        documents=f"{COLLECTION}/documents.parquet",
        queries=f"{COLLECTION}/queries.parquet",
    output:
        weights=f"{COLLECTION}/bm25-weights.parquet",
        words=f"{COLLECTION}/bm25-words.parquet",
    log:
        f"{RESULTS}/logs/bm25_weights/weights.log",
    benchmark:
        f"{RESULTS}/benchmarks/bm25_weights/weights.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        k1=config["bm25"]["k1"],
        b=config["bm25"]["b"],
        code=code("export_bm25"),
    message:
        "Exporting BM25's term weights"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS" export_bm25 --index {input.index} --documents {input.documents}'
        " --queries {input.queries} --k1 {params.k1} --b {params.b}"
        " --weights {output.weights} --words {output.words} > {log} 2>&1"
