"""Tokenizers, trained on the collection or of a pre-trained model, and the docids that models generate."""

from plan import inputs, settings, systems_of_study as systems


rule train_tokenizer:
    input:
        multiext("<collection>/", documents="documents.parquet", queries="queries.parquet"),
    output:
        multiext("<results>/<owner>/tokenizer/tokenizer", tokenizer=".json", configuration="_config.json"),
    log:
        "<logs>/<job>.log",
    benchmark:
        "<benchmarks>/<job>.tsv"
    pathvars:
        owner="baselines/{baseline}",
        job="train_tokenizer/{baseline}",
    conda:
        "../envs/environment.yaml"
    params:
        vocabulary=lambda wildcards: study.baselines[wildcards.baseline].tokenizer.vocabulary,
        flags="",
    message:
        "{wildcards.baseline}: training the tokenizer"
    shell:
        run(
            "train_tokenizer --documents {input.documents} --queries {input.queries} --vocabulary"
            " {params.vocabulary} {params.flags} --output $(dirname {output.tokenizer})"
        )


# A list is text: its model's tokenizer has pieces of docids, and tells upper from lower case as these do.
use rule train_tokenizer as train_list_tokenizer with:
    pathvars:
        owner="models/{model}",
        job="train_list_tokenizer/{model}",
    wildcard_constraints:
        model=systems.one_of(name for name, model in study.models.items() if model.vocabulary),
    params:
        vocabulary=lambda wildcards: study.models[wildcards.model].vocabulary,
        flags="--cased --docids",
    message:
        "{wildcards.model}: training the tokenizer"


rule fetch_tokenizer:
    input:
        lambda wildcards: inputs.files_at(study.models[wildcards.model].path),
    output:
        multiext("<results>/models/{model}/tokenizer/tokenizer", tokenizer=".json", rest="_config.json"),
    log:
        "<logs>/fetch_tokenizer/{model}.log",
    benchmark:
        "<benchmarks>/fetch_tokenizer/{model}.tsv"
    wildcard_constraints:
        model=systems.one_of(name for name, model in study.models.items() if not model.vocabulary),
    conda:
        "../envs/environment.yaml"
    params:
        source=lambda wildcards: settings.tokenizer_source(study, wildcards.model),
    message:
        "{wildcards.model}: fetching the tokenizer"
    shell:
        run("fetch_tokenizer --source {params.source:q} --output $(dirname {output.tokenizer})")


rule assign_docids:
    input:
        unpack(lambda wildcards: inputs.for_docids(study, wildcards.baseline)),
    output:
        docids="<results>/baselines/{baseline}/docids.parquet",
    log:
        "<logs>/assign_docids/{baseline}.log",
    benchmark:
        "<benchmarks>/assign_docids/{baseline}.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        options=lambda wildcards: settings.docids_options(study, wildcards.baseline),
    message:
        "{wildcards.baseline}: assigning docids"
    shell:
        run(
            "assign_docids --documents {input.documents} --tokenizer $(dirname {input.tokenizer})"
            " {params.options} --output {output.docids}"
        )
