"""Which pages and figures a configuration asks for."""

from collections.abc import Callable

from dsi.systems import System
from plan.config.study import Study
from plan.results_of_study import cost_table, figure_files, figures, named_histories, pages

StudyOf = Callable[..., Study]


def test_the_smoke_study_has_curves_rates_and_lost_queries_of_each_baseline(study_of: StudyOf) -> None:
    study = study_of("smoke")
    assert figures(study) == [
        "curves-smoke-magnitude",
        "curves-smoke-lists-magnitude",
        "rates-smoke-magnitude",
        "rates-smoke-lists-magnitude",
        "lost-smoke-magnitude",
        "lost-smoke-lists-magnitude",
    ]
    assert figure_files(study)[:2] == [
        "<results>/figures/curves-smoke-magnitude.svg",
        "<results>/figures/curves-smoke-magnitude.png",
    ]
    assert pages(study) == ["<results>/tables.md", "<results>/experiments.md", "<results>/explore.html"]


def test_an_unpruned_baseline_has_only_curves(study_of: StudyOf) -> None:
    study = study_of("smoke", run=["smoke"], baselines={"smoke": {"prune": False}})
    assert figures(study) == ["curves-smoke-dense"]


def test_costs_are_drawn_where_they_are_measured_and_criteria_compared(study_of: StudyOf) -> None:
    report = {"benefit": True, "sensitivity": True, "reference": "smoke"}
    study = study_of("smoke", criteria=["magnitude", "random"], report=report)
    assert {name for name in figures(study) if not name.startswith(("curves", "rates", "lost"))} == {
        "frontier-sparsity-smoke",
        "frontier-sparsity-smoke-lists",
        "frontier-bytes-smoke",
        "frontier-latency-smoke",
        "sensitivity-smoke",
        "ablation",
    }
    assert pages(study) == [
        "<results>/tables.md",
        "<results>/benefit.md",
        "<results>/ablation.md",
        "<results>/experiments.md",
        "<results>/explore.html",
    ]


def test_published_rows_add_the_figures_of_the_reproduction(study_of: StudyOf) -> None:
    files = figure_files(study_of("msmarco"))
    assert [name for name in files if "reproduction" in name and name.endswith("svg")] == [
        "<results>/figures/reproduction-1.svg",
        "<results>/figures/reproduction-2.svg",
        "<results>/figures/reproduction-3.svg",
        "<results>/figures/reproduction-long.svg",
    ]


def test_histories_are_named_for_arm_and_rate() -> None:
    systems = [
        System("dsi", 1, "dense-continued", None, None),
        System("dsi", 1, "recovered", "magnitude", 0.25),
    ]
    assert named_histories(systems, "results/x") == [
        "dense-continued=results/x/baselines/dsi/seed1/dense-continued/history.parquet",
        "recovered-0.25=results/x/recovered/dsi/seed1/magnitude-0.25/history.parquet",
    ]


def test_each_cost_is_in_one_table() -> None:
    assert cost_table("sparsity") == "<results>/tables/sparsity.csv"
    assert cost_table("bytes") == cost_table("latency") == "<results>/tables/benefit.csv"
