"""Tables, pages, figures, and where the time went."""

from plan import inputs, provenance, report_files, report_settings, reproduction, settings
from plan import results_of_study as results, systems_of_study as systems

EVALUATED = systems.evaluated_systems(study)
EXPLORED = systems.explored_systems(study)
LISTED = reproduction.list_systems(study)
MEASURED = systems.measured_baselines(study)
COMPARED = systems.compared_baselines(study)

drawn = lambda wildcards: systems.trained_systems(study, wildcards.baseline, wildcards.criterion)
figure = lambda wildcards: reproduction.reproduction_figure(study, wildcards.figure)


rule make_tables:
    input:
        **inputs.measures_of(EVALUATED),
        reproduction=["<results>/tables/reproduction.md"] if LISTED else [],
        sparsity=inputs.sparsity_of(systems.masked_systems(study)),
        documents="<collection>/documents.parquet",
    output:
        multiext("<results>/tables/", metrics="metrics.csv", sparsity="sparsity.csv", verdicts="verdicts.csv"),
        tables="<results>/tables.md",
        page=report_files.page("tables"),
        answer="<results>/answer.md",
    log:
        "<logs>/make_tables/tables.log",
    benchmark:
        "<benchmarks>/make_tables/tables.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        facts=provenance.facts(study),
        judging=report_settings.judging(study),
        files=lambda wildcards, input: inputs.as_options(input),
    message:
        "Writing the tables"
    shell:
        run(
            "make_tables --results $(dirname {output.tables}) --metrics {input.metrics} --sparsity"
            " {input.sparsity} --documents {input.documents} --facts {params.facts:q} {params.judging}"
            " {params.files} --output {output.tables} --csv $(dirname {output.metrics})"
        )


rule make_explorer:
    input:
        multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet", texts="documents.parquet"),
        **inputs.measures_of(EXPLORED),
        runs=inputs.runs_of(EXPLORED),
        sparsity="<results>/tables/sparsity.csv",
    output:
        page=report_files.page("explore"),
    log:
        "<logs>/make_explorer/explore.log",
    benchmark:
        "<benchmarks>/make_explorer/explore.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        name=study.collection,
        confidence=study.report.confidence,
        assets=commands.files_digest("dsi/report/explorer"),
    message:
        "Writing the explorer"
    shell:
        run(
            "make_explorer --metrics {input.metrics} --results $(dirname {output.page}) --sparsity"
            " {input.sparsity} --name {params.name:q} --confidence {params.confidence} --output {output.page}"
        )


rule list_experiments:
    input:
        multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet"),
        metrics=inputs.metrics_of(EVALUATED),
        sparsity=inputs.sparsity_of(systems.masked_systems(study)),
        sizes=results.size_files(study),
    output:
        multiext("<results>/experiments", table=".parquet", page=".md"),
        qrels=multiext("<results>/qrels/", "validation.txt", "test.txt"),
    log:
        "<logs>/list_experiments/experiments.log",
    benchmark:
        "<benchmarks>/list_experiments/experiments.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        settings=report_settings.of_baselines(study, study.run),
    message:
        "Listing the experiments"
    shell:
        run(
            "list_experiments --results $(dirname {output.page}) --metrics {input.metrics} --sparsity"
            " {input.sparsity} --sizes {input.sizes} --settings {params.settings:q}"
        )


rule make_reproduction:
    input:
        multiext("<collection>/", queries="queries.parquet", qrels="qrels.parquet", topk="topk.parquet"),
        **inputs.measures_of(LISTED),
        histories=inputs.histories_of(reproduction.dense_list_systems(study)),
        outputs=inputs.outputs_of(*systems.slugs(reproduction.systems_by_seen_targets(study))),
    output:
        multiext("<results>/tables/reproduction", tables=".md", csv=".csv"),
    log:
        "<logs>/make_reproduction/tables.log",
    benchmark:
        "<benchmarks>/make_reproduction/tables.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        rows=report_settings.published_rows(study),
        relevance=settings.relevance(study),
        confidence=study.report.confidence,
    message:
        "Writing the published study's own tables"
    shell:
        run(
            "make_reproduction --metrics {input.metrics} --rows {params.rows:q} --histories {input.histories}"
            " --outputs {input.outputs} --collection $(dirname {input.queries}) --relevance"
            " {params.relevance:q} --confidence {params.confidence} --output {output.tables} --csv {output.csv}"
        )


rule make_benefit:
    input:
        multiext("<results>/tables/", metrics="metrics.csv", sparsity="sparsity.csv"),
        sizes=[f"<results>/sizes/{system.slug}.json" for system in systems.measured_systems(study)],
        rounded=[f"<results>/rounded/{name}-seed{seed}.csv" for name in MEASURED for seed in study.seeds],
        latency=[f"<results>/latency/{name}.json" for name in MEASURED],
    output:
        markdown="<results>/benefit.md",
        page=report_files.page("benefit"),
        csv="<results>/tables/benefit.csv",
    log:
        "<logs>/make_benefit/benefit.log",
    benchmark:
        "<benchmarks>/make_benefit/benefit.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        confidence=study.report.confidence,
    message:
        "Writing what pruning buys"
    shell:
        run(
            "make_benefit --results $(dirname {output.markdown}) --sizes {input.sizes} --rounded"
            " {input.rounded} --latency {input.latency} --metrics {input.metrics} --sparsity {input.sparsity}"
            " --confidence {params.confidence} --output {output.markdown} --csv {output.csv}"
        )


rule compare_baselines:
    input:
        **inputs.measures_of(systems.e1_systems(study, COMPARED)),
    output:
        **report_files.figure("ablation"),
        tables="<results>/ablation.md",
        page=report_files.page("ablation"),
        csv="<results>/tables/ablation.csv",
    log:
        "<logs>/compare_baselines/ablation.log",
    benchmark:
        "<benchmarks>/compare_baselines/ablation.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        settings=report_settings.of_baselines(study, COMPARED),
        reference=study.report.reference,
        confidence=study.report.confidence,
        dpi=study.report.dpi,
    message:
        "Comparing the baselines"
    shell:
        run(
            "compare_baselines --reference {params.reference} --metrics {input.metrics} --settings"
            " {params.settings:q} --confidence {params.confidence} --output {output.tables} --csv {output.csv}",
            figure=True,
        )


rule plot_curves:
    input:
        histories=lambda wildcards: inputs.histories_of(drawn(wildcards)),
    output:
        **report_files.figure("curves-{baseline}-{criterion}"),
    log:
        "<logs>/plot_curves/{baseline}-{criterion}.log",
    benchmark:
        "<benchmarks>/plot_curves/{baseline}-{criterion}.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        histories=lambda wildcards: results.named_histories(drawn(wildcards), RESULTS),
        dpi=study.report.dpi,
    message:
        "{wildcards.baseline}: drawing the training curves"
    shell:
        run("plot_curves --history {params.histories} --title {wildcards.baseline}", figure=True)


rule plot_rates:
    input:
        multiext("<results>/tables/", metrics="metrics.csv", sparsity="sparsity.csv", verdicts="verdicts.csv"),
    output:
        **report_files.figure("rates-{baseline}-{criterion}"),
    log:
        "<logs>/plot_rates/{baseline}-{criterion}.log",
    benchmark:
        "<benchmarks>/plot_rates/{baseline}-{criterion}.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        dpi=study.report.dpi,
        confidence=study.report.confidence,
        margin=study.report.margin,
    message:
        "{wildcards.baseline}: drawing quality against rate"
    shell:
        run(
            "plot_rates --metrics {input.metrics} --sparsity {input.sparsity} --verdicts {input.verdicts}"
            " --baseline {wildcards.baseline} --criterion {wildcards.criterion} --confidence"
            " {params.confidence} --margin {params.margin}",
            figure=True,
        )


rule plot_lost_queries:
    input:
        unpack(lambda wildcards: inputs.measures_of(systems.systems_of_lost_queries(study, *wildcards))),
        queries="<collection>/queries.parquet",
    output:
        **report_files.figure("lost-{baseline}-{criterion}"),
        csv="<results>/tables/lost-{baseline}-{criterion}.csv",
    log:
        "<logs>/plot_lost_queries/{baseline}-{criterion}.log",
    benchmark:
        "<benchmarks>/plot_lost_queries/{baseline}-{criterion}.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        dpi=study.report.dpi,
    message:
        "{wildcards.baseline}: drawing which queries are lost first"
    shell:
        run(
            "plot_lost_queries --metrics {input.metrics} --baseline {wildcards.baseline} --criterion"
            " {wildcards.criterion} --queries {input.queries} --csv {output.csv}",
            figure=True,
        )


rule plot_frontier:
    input:
        metrics="<results>/tables/metrics.csv",
        costs=lambda wildcards: results.cost_table(wildcards.cost),
    output:
        **report_files.figure("frontier-{cost,sparsity|bytes|latency}-{baseline}"),
    log:
        "<logs>/plot_frontier/{cost}-{baseline}.log",
    benchmark:
        "<benchmarks>/plot_frontier/{cost}-{baseline}.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        dpi=study.report.dpi,
        confidence=study.report.confidence,
    message:
        "{wildcards.baseline}: drawing quality against {wildcards.cost}"
    shell:
        run(
            "plot_frontier --metrics {input.metrics} --costs {input.costs} --cost {wildcards.cost} --baseline"
            " {wildcards.baseline} --confidence {params.confidence}",
            figure=True,
        )


rule plot_sensitivity:
    input:
        values=[f"<results>/sensitivity/{{baseline}}-seed{seed}.csv" for seed in study.seeds],
    output:
        **report_files.figure("sensitivity-{baseline}"),
    log:
        "<logs>/plot_sensitivity/{baseline}.log",
    benchmark:
        "<benchmarks>/plot_sensitivity/{baseline}.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        dpi=study.report.dpi,
    message:
        "{wildcards.baseline}: drawing what each sublayer costs"
    shell:
        run("plot_sensitivity {input.values} --title {wildcards.baseline}", figure=True)


rule plot_reproduction:
    input:
        histories=lambda wildcards: inputs.histories_of(figure(wildcards).systems()),
    output:
        **report_files.figure("{figure,reproduction-[a-z0-9]+}"),
    log:
        "<logs>/plot_reproduction/{figure}.log",
    benchmark:
        "<benchmarks>/plot_reproduction/{figure}.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        drawing=lambda wildcards: figure(wildcards).options(RESULTS),
        dpi=study.report.dpi,
    message:
        "Drawing {wildcards.figure}"
    shell:
        run("plot_reproduction {params.drawing}", figure=True)


rule summarise_timings:
    input:
        results.pages(study),
        results.figure_files(study),
    output:
        multiext("<results>/timings", markdown=".md", csv=".csv"),
        page=report_files.page("timings"),
    log:
        "<logs>/summarise_timings/timings.log",
    benchmark:
        "<benchmarks>/summarise_timings/timings.tsv"
    conda:
        "../envs/environment.yaml"
    message:
        "Summing up where the time went"
    shell:
        run(
            "summarise_timings --benchmarks $(dirname {output.csv})/benchmarks --logs $(dirname"
            " {output.csv})/logs --csv {output.csv} --markdown {output.markdown}"
        )
