"""Which rows of the published study are repeated, and what its figures show."""

import shlex
from collections.abc import Callable

import pytest

from dsi.systems import System
from plan.config.study import Study
from plan.reproduction import (
    Figure,
    History,
    best_rows,
    dense_list_systems,
    list_systems,
    reproduction_figure,
    reproduction_figures,
    systems_by_seen_targets,
    systems_of_row,
)
from plan.systems_of_study import slugs

StudyOf = Callable[..., Study]


def test_systems_of_the_list_task(study_of: StudyOf) -> None:
    study = study_of("smoke")
    assert len(list_systems(study)) == 2 * 5
    assert {system.baseline for system in list_systems(study)} == {"smoke-lists"}
    assert slugs(dense_list_systems(study)) == [
        "baselines/smoke-lists/seed1/dense",
        "baselines/smoke-lists/seed2/dense",
    ]


def test_a_row_is_repeated_by_one_system_a_seed(study_of: StudyOf) -> None:
    study = study_of("msmarco", seeds=[1, 2])
    dense = next(row for row in study.published if row.baseline == "t5-base-k25")
    assert slugs(systems_of_row(study, dense)) == [
        "baselines/t5-base-k25/seed1/dense",
        "baselines/t5-base-k25/seed2/dense",
    ]
    pruned = next(row for row in study.published if row.rate == 0.15)
    expected = "recovered/t5-small-k5-pruned/seed1/magnitude-0.15"
    assert systems_of_row(study, pruned)[0] == System.parse(expected)
    assert slugs(systems_of_row(study, pruned, arm="dense"))[0] == "baselines/t5-small-k5-pruned/seed1/dense"


def test_a_row_whose_baseline_or_rate_is_not_run_has_no_systems(study_of: StudyOf) -> None:
    study = study_of("msmarco", run=["t5-small-k5-pruned"], rates=[0.2])
    rows = {(row.baseline, row.rate): row for row in study.published}
    assert systems_of_row(study, rows["t5-base-k25", None]) == []
    assert systems_of_row(study, rows["t5-small-k5-pruned", 0.1]) == []
    assert len(systems_of_row(study, rows["t5-small-k5-pruned", 0.2])) == 1


def test_best_rows_are_one_a_table_as_far_as_they_are_run(study_of: StudyOf) -> None:
    assert {table: row.baseline for table, row in best_rows(study_of("msmarco")).items()} == {
        1: "t5-base-k5-23",
        2: "t5-small-k5",
        3: "t5-small-k5-pruned",
    }
    assert set(best_rows(study_of("msmarco", run=["t5-small-k5"]))) == {2}


def test_lists_are_grouped_for_the_best_dense_rows_or_for_all_dense_systems(study_of: StudyOf) -> None:
    assert slugs(systems_by_seen_targets(study_of("msmarco"))) == [
        "baselines/t5-base-k5-23/seed1/dense",
        "baselines/t5-small-k5/seed1/dense",
    ]
    study = study_of("smoke")
    assert systems_by_seen_targets(study) == dense_list_systems(study)


def test_the_figures_of_the_whole_study(study_of: StudyOf) -> None:
    found = reproduction_figures(study_of("msmarco"))
    drawn = {
        name: (figure.kind, [history.name for history in figure.histories]) for name, figure in found.items()
    }
    assert drawn == {
        "reproduction-1": ("curves", ["t5-base, dense, K 5"]),
        "reproduction-2": ("curves", ["t5-small, dense, K 5"]),
        "reproduction-3": ("curves", ["t5-small, dense, K 5", "t5-small, pruned at 0.2"]),
        "reproduction-long": ("long", ["t5-small, dense, K 10"]),
    }
    assert found["reproduction-3"].title == "Figure 3: t5-small, dense and pruned"
    assert slugs(found["reproduction-3"].systems()) == [
        "baselines/t5-small-k5/seed1/dense",
        "baselines/t5-small-k5-pruned/seed1/dense",
        "recovered/t5-small-k5-pruned/seed1/magnitude-0.2",
    ]


def test_a_study_without_published_rows_has_no_such_figures(study_of: StudyOf) -> None:
    assert reproduction_figures(study_of("smoke")) == {}


def test_an_unknown_figure_is_named_with_those_there_are(study_of: StudyOf) -> None:
    with pytest.raises(LookupError, match="no figure reproduction-9: found reproduction-2 in this study"):
        reproduction_figure(
            study_of("msmarco", run=["t5-small-k5"], baselines={"t5-small-k5": {"track_test": False}}),
            "reproduction-9",
        )


def test_options_join_e1_and_e2_and_quote_names() -> None:
    dense, recovered = System("a", 1, "dense", None, None), System("a", 1, "recovered", "magnitude", 0.2)
    figure = Figure("curves", "Dense & pruned", (History("a, pruned", (dense, recovered)),))
    assert shlex.split(figure.options("results")) == [
        "curves",
        "--title",
        "Dense & pruned",
        "--history",
        "a, pruned=results/baselines/a/seed1/dense/history.parquet,"
        "results/recovered/a/seed1/magnitude-0.2/history.parquet",
    ]
