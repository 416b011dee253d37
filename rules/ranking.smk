"""The ranking at random; trainings and prunings rank with their models themselves."""


rule rank_random:
    input:
        multiext("<collection>/", documents="documents.parquet", queries="queries.parquet"),
    output:
        run="<results>/runs/random.trec.gz",
    log:
        "<logs>/rank_random/random.log",
    benchmark:
        "<benchmarks>/rank_random/random.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        depth=study.evaluation.depth,
    message:
        "Ranking at random"
    shell:
        run(
            "rank_random --queries {input.queries} --documents {input.documents} --depth {params.depth}"
            " --seed 42 --run {output.run}"
        )
