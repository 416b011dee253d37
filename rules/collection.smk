"""From a source of documents (with a scope, some of them) to documents, queries, judgements and an index."""

from plan import inputs, settings

COLLECTION = study.selected_collection
KIND = COLLECTION.kind
SCOPED = KIND != "pydocs" and COLLECTION.scope is not None


pathvars:
    corpus="<collection>/corpus.parquet" if SCOPED else "<collection>/documents.parquet",
    corpus_index="<collection>/corpus-index" if SCOPED else "<collection>/index",
    collection_name=study.collection,


if KIND == "pydocs":

    rule collect_pydocs:
        output:
            multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet"),
            documents="<collection>/documents.parquet",
        log:
            "<logs>/collect_pydocs/<collection_name>.log",
        benchmark:
            "<benchmarks>/collect_pydocs/<collection_name>.tsv"
        conda:
            "../envs/environment.yaml"
        params:
            packages=sorted(COLLECTION.packages),
            versions=settings.package_versions(COLLECTION),
            split=COLLECTION.split.as_json(),
        message:
            "Reading the docstrings of {params.versions}"
        shell:
            run(
                "collect_pydocs --packages {params.packages:q} --split {params.split:q} --output $(dirname"
                " {output.documents})"
            )


if KIND == "index":

    rule fetch_index:
        input:
            inputs.files_at(COLLECTION.index.path),
        output:
            manifest="<corpus_index>/manifest.json",
        log:
            "<logs>/fetch_index/<collection_name>.log",
        benchmark:
            "<benchmarks>/fetch_index/<collection_name>.tsv"
        conda:
            "../envs/environment.yaml"
        params:
            source=settings.index_source(COLLECTION),
            cache=f"{RESULTS}/downloads",
        message:
            "Fetching the Lucene index (progress in {log})"
        shell:
            run("fetch_index --source {params.source:q} --cache {params.cache} --manifest {output.manifest}")

    rule export_documents:
        input:
            index="<corpus_index>/manifest.json",
        output:
            documents="<corpus>",
        log:
            "<logs>/export_documents/<collection_name>.log",
        benchmark:
            "<benchmarks>/export_documents/<collection_name>.tsv"
        conda:
            "../envs/environment.yaml"
        message:
            "Reading the documents that the index stores"
        shell:
            run("export_documents --index {input.index} --output {output.documents}")


if KIND in ("files", "ir_datasets"):

    rule collect_files:
        input:
            inputs.local_corpus_files(COLLECTION),
        output:
            documents="<corpus>",
        log:
            "<logs>/collect_files/<collection_name>.log",
        benchmark:
            "<benchmarks>/collect_files/<collection_name>.tsv"
        conda:
            "../envs/environment.yaml"
        resources:
            mem_mb=lambda wildcards, input: max(4000, int(3 * input.size_mb)),
        params:
            corpus=settings.corpus_source(COLLECTION),
            cache=f"{RESULTS}/downloads",
        message:
            "Reading the corpus (progress in {log})"
        shell:
            run("collect_files --corpus {params.corpus:q} --cache {params.cache} --output {output.documents}")


if KIND != "pydocs":

    rule collect_topics:
        input:
            inputs.local_query_files(COLLECTION),
            documents="<corpus>",
        output:
            multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet"),
        log:
            "<logs>/collect_topics/<collection_name>.log",
        benchmark:
            "<benchmarks>/collect_topics/<collection_name>.tsv"
        conda:
            "../envs/environment.yaml"
        params:
            queries=settings.query_sources(COLLECTION),
            cache=f"{RESULTS}/downloads",
        message:
            "Reading topics and judgements"
        shell:
            run(
                "collect_topics --queries {params.queries:q} --documents {input.documents} --cache"
                " {params.cache} --output $(dirname {output.queries})"
            )


if SCOPED:

    rule scope_documents:
        input:
            corpus="<corpus>",
            qrels="<collection>/qrels.parquet",
        output:
            multiext("<collection>/", documents="documents.parquet", counts="scope.json"),
        log:
            "<logs>/scope_documents/<collection_name>.log",
        benchmark:
            "<benchmarks>/scope_documents/<collection_name>.tsv"
        conda:
            "../envs/environment.yaml"
        params:
            sample=COLLECTION.scope.sample,
            seed=COLLECTION.scope.seed,
        message:
            "Keeping the judged documents and {params.sample} others"
        shell:
            run(
                "scope_documents --corpus {input.corpus} --qrels {input.qrels} --sample {params.sample}"
                " --seed {params.seed} --documents {output.documents} --counts {output.counts}"
            )


if KIND != "index" or SCOPED:

    rule build_index:
        input:
            documents="<collection>/documents.parquet",
        output:
            manifest="<collection>/index/manifest.json",
        log:
            "<logs>/build_index/index.log",
        benchmark:
            "<benchmarks>/build_index/index.tsv"
        conda:
            "../envs/environment.yaml"
        params:
            language=settings.language_option(COLLECTION),
        message:
            "Building the Lucene index"
        shell:
            run("build_index --documents {input.documents} {params.language} --manifest {output.manifest}")
