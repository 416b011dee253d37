"""From a source of documents to queries, judgements, an index, BM25's lists and docids."""

if selected_collection()["kind"] == "pydocs":

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
            code=code("collect_pydocs.py"),
        message:
            "Reading the docstrings of {params.versions}"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS"/collect_pydocs.py --packages {params.packages} --split {params.split:q}'
            " --output $(dirname {output.documents}) > {log} 2>&1"

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
            code=code("build_index.py"),
        message:
            "Building the Lucene index"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS"/build_index.py --documents {input.documents} --manifest {output.manifest}'
            " > {log} 2>&1"


if selected_collection()["kind"] == "index":

    rule fetch_index:
        input:
            local_files("index"),
        output:
            manifest=INDEX,
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
            code=code("fetch_index.py"),
        message:
            "Fetching the Lucene index (progress in {log})"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS"/fetch_index.py --source {params.source:q}'
            " --cache {params.cache} --manifest {output.manifest} > {log} 2>&1"

    rule documents:
        input:
            index=INDEX,
        output:
            documents=f"{COLLECTION}/documents.parquet",
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
            code=code("export_documents.py"),
        message:
            "Reading the documents that the index stores"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS"/export_documents.py --index {input.index}'
            " --output {output.documents} > {log} 2>&1"

    rule topics:
        input:
            local_files("topics", "qrels"),
            documents=f"{COLLECTION}/documents.parquet",
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
            topics=as_json(**selected_collection()["topics"]),
            qrels=as_json(**selected_collection()["qrels"]),
            split=as_json(**selected_collection()["split"]),
            cache=f"{RESULTS}/downloads",
            code=code("collect_topics.py"),
        message:
            "Reading topics and judgements"
        shell:
            '"$DSI_PYTHON" "$DSI_SCRIPTS"/collect_topics.py --topics {params.topics:q}'
            " --qrels {params.qrels:q} --documents {input.documents} --split {params.split:q}"
            " --cache {params.cache} --output $(dirname {output.queries}) > {log} 2>&1"


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
        code=code("search_bm25.py"),
    message:
        "Searching every query with BM25 to depth {params.depth}"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/search_bm25.py --index {input.index} --queries {input.queries}'
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
        code=code("export_bm25.py"),
    message:
        "Exporting BM25's term weights"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/export_bm25.py --index {input.index} --documents {input.documents}'
        " --queries {input.queries} --k1 {params.k1} --b {params.b}"
        " --weights {output.weights} --words {output.words} > {log} 2>&1"


rule docids:
    input:
        documents=f"{COLLECTION}/documents.parquet",
    output:
        docids=f"{COLLECTION}/docids-{{scheme}}.parquet",
    log:
        f"{RESULTS}/logs/docids/{{scheme}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/docids/{{scheme}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code("assign_docids.py"),
    message:
        "Assigning {wildcards.scheme} docids"
    shell:
        '"$DSI_PYTHON" "$DSI_SCRIPTS"/assign_docids.py --documents {input.documents}'
        " --scheme {wildcards.scheme} --output {output.docids} > {log} 2>&1"
