"""Which systems a configuration asks for, counted by hand."""

import re
from collections.abc import Callable

import pytest

from dsi.systems import REFERENCES, System
from plan.config.study import Study
from plan.systems_of_study import (
    compared_baselines,
    dense_systems,
    docid_baselines,
    e1_systems,
    evaluated_systems,
    explored_systems,
    initial_systems,
    list_baselines,
    masked_systems,
    measured_baselines,
    measured_systems,
    measured_systems_of,
    one_of,
    pruned_baselines,
    references,
    scores_all_at_once,
    slugs,
    small_systems,
    systems_of_arm,
    systems_of_lost_queries,
    timed_systems,
    trained_systems,
    untrained_references,
)

StudyOf = Callable[..., Study]
NAIVE = {"baselines": {"smoke": {"docids": {"scheme": "naive"}}}}
UNPRUNED = {"baselines": {"smoke": {"prune": False}}}


def test_a_pattern_of_names_matches_them_alone() -> None:
    pattern = one_of(["2of4", "a.b"])
    assert [name for name in ("2of4", "a.b", "axb", "2of4x") if re.fullmatch(pattern, name)] == [
        "2of4",
        "a.b",
    ]


def test_a_pattern_of_no_names_matches_nothing() -> None:
    assert not any(re.fullmatch(one_of([]), name) for name in ("", "a", "dense"))


def test_baselines_are_told_apart_by_task_and_whether_they_are_pruned(study_of: StudyOf) -> None:
    study = study_of("smoke", **UNPRUNED)
    assert docid_baselines(study) == ["smoke"]
    assert list_baselines(study) == ["smoke-lists"]
    assert pruned_baselines(study) == ["smoke-lists"]


def test_only_baselines_that_are_run_count(study_of: StudyOf) -> None:
    study = study_of("smoke", run=["smoke"])
    assert list_baselines(study) == []
    assert {system.baseline for system in evaluated_systems(study)} == {None, "smoke"}


def test_measured_are_pruned_baselines_with_atomic_docids(study_of: StudyOf) -> None:
    assert measured_baselines(study_of("smoke")) == ["smoke"]
    assert measured_baselines(study_of("smoke", **UNPRUNED)) == []
    naive = study_of("smoke", **NAIVE)
    assert measured_baselines(naive) == []
    assert not scores_all_at_once(naive, "smoke")
    assert not scores_all_at_once(naive, "smoke-lists")


def test_controls_after_e2_go_with_pruned_baselines(study_of: StudyOf) -> None:
    assert slugs(dense_systems(study_of("smoke", run=["smoke"], seeds=[1]))) == [
        "baselines/smoke/seed1/dense",
        "baselines/smoke/seed1/dense-continued",
        "baselines/smoke/seed1/restart",
    ]
    unpruned = study_of("smoke", run=["smoke"], **UNPRUNED)
    assert slugs(dense_systems(unpruned)) == ["baselines/smoke/seed1/dense", "baselines/smoke/seed2/dense"]


def test_e1_of_some_baselines(study_of: StudyOf) -> None:
    assert slugs(e1_systems(study_of("smoke"), ["smoke"])) == [
        "baselines/smoke/seed1/dense",
        "baselines/smoke/seed2/dense",
    ]


def test_arms_have_every_baseline_seed_criterion_and_rate_in_order(study_of: StudyOf) -> None:
    study = study_of(
        "smoke", rates=[0.5, 0.25], criteria=["random", "magnitude"], run=["smoke"], seeds=[2, 1]
    )
    found = slugs(systems_of_arm(study, "recovered"))
    assert found[:5] == [
        "recovered/smoke/seed2/random-0.25",
        "recovered/smoke/seed2/random-0.5",
        "recovered/smoke/seed2/magnitude-0.25",
        "recovered/smoke/seed2/magnitude-0.5",
        "recovered/smoke/seed1/random-0.25",
    ]
    assert len(found) == 2 * 2 * 2


def test_criteria_have_the_rates_and_arms_that_they_can_have(study_of: StudyOf) -> None:
    """2of4 has one rate; gradual prunes in recovery, so that there is no pruned model before."""
    study = study_of("smoke", rates=[0.5, 0.9], criteria=["2of4", "gradual"], run=["smoke"], seeds=[1])
    assert slugs(systems_of_arm(study, "pruned")) == ["pruned/smoke/seed1/2of4-0.5"]
    assert slugs(systems_of_arm(study, "recovered")) == [
        "recovered/smoke/seed1/2of4-0.5",
        "recovered/smoke/seed1/gradual-0.5",
        "recovered/smoke/seed1/gradual-0.9",
    ]
    assert slugs(masked_systems(study)) == [
        "pruned/smoke/seed1/2of4-0.5",
        "recovered/smoke/seed1/gradual-0.5",
        "recovered/smoke/seed1/gradual-0.9",
    ]


def test_a_part_of_an_arm(study_of: StudyOf) -> None:
    study = study_of("smoke", criteria=["magnitude", "random"])
    part = systems_of_arm(study, "pruned", baselines=["smoke"], seeds=[2], criteria=["random", "gradual"])
    assert part == [System("smoke", 2, "pruned", "random", 0.5)]


def test_every_system_is_evaluated_once_references_first(study_of: StudyOf) -> None:
    """Two baselines and two seeds: three dense arms, pruned and recovered at one rate; initial of one."""
    found = slugs(evaluated_systems(study_of("smoke")))
    assert found[:6] == list(REFERENCES)
    assert len(found) == len(set(found)) == 6 + 2 + 2 * 2 * (3 + 1 + 1)


def test_references_are_there_as_far_as_the_collection_has_judged_queries(study_of: StudyOf) -> None:
    split = {"method": "permutation", "train": 0, "validation": 0.2, "test": 0.8, "seed": 42}
    without_training = {"run": ["smoke"], "collections": {"smoke": {"split": split}}}
    assert references(study_of("smoke", **without_training)) == ["bm25", "bm25-tuned", "rm3", "random"]
    split |= {"validation": 0, "test": 1}
    assert references(study_of("smoke", **without_training)) == ["bm25", "rm3", "random"]
    assert untrained_references(study_of("smoke", **without_training)) == ["rm3"]


def test_docid_models_before_their_first_step_are_evaluated_unless_refused(study_of: StudyOf) -> None:
    initial = ["baselines/smoke/seed1/initial", "baselines/smoke/seed2/initial"]
    assert slugs(initial_systems(study_of("smoke"))) == initial
    assert slugs(initial_systems(study_of("smoke", **UNPRUNED))) == initial
    assert initial_systems(study_of("smoke", controls={"initial": False})) == []


def test_small_models_have_the_shapes_that_are_asked_for(study_of: StudyOf) -> None:
    """Each is paired with the recovered model of its name by the seed."""
    shapes = {"rates": [0.5, 0.8, 0.9], "criteria": ["magnitude", "ffn"], "controls": {"small": [0.8, 0.5]}}
    study = study_of("smoke", run=["smoke"], seeds=[1, 2], **shapes)
    found = slugs(small_systems(study))
    assert found == [
        f"{arm}/smoke/seed{seed}/ffn-{rate}"
        for arm in ("small", "small-taught")
        for seed in (1, 2)
        for rate in (0.5, 0.8)
    ]
    evaluated = slugs(evaluated_systems(study))
    assert evaluated[-len(found) :] == found
    assert all(f"recovered/{name.partition('/')[2]}" in evaluated for name in found)
    assert small_systems(study_of("smoke")) == []


def test_measured_are_dense_and_recovered_ones(study_of: StudyOf) -> None:
    """A pruned model's zeros are those of the recovered one."""
    study = study_of("smoke", seeds=[1])
    expected = ["baselines/smoke/seed1/dense", "recovered/smoke/seed1/magnitude-0.5"]
    assert slugs(measured_systems(study)) == expected
    assert slugs(measured_systems_of(study, "smoke", 1)) == expected


def test_latency_is_measured_of_the_first_seed(study_of: StudyOf) -> None:
    assert slugs(timed_systems(study_of("smoke"), "smoke")) == ["recovered/smoke/seed1/magnitude-0.5"]


@pytest.mark.parametrize("criterion", ["magnitude", "gradual"])
def test_curves_are_of_the_dense_arms_and_of_what_recovered(study_of: StudyOf, criterion: str) -> None:
    study = study_of("smoke", seeds=[1], criteria=["magnitude", "gradual"])
    assert slugs(trained_systems(study, "smoke", criterion)) == [
        "baselines/smoke/seed1/dense",
        "baselines/smoke/seed1/dense-continued",
        "baselines/smoke/seed1/restart",
        f"recovered/smoke/seed1/{criterion}-0.5",
    ]


def test_curves_of_an_unpruned_baseline_are_of_e1(study_of: StudyOf) -> None:
    study = study_of("smoke", seeds=[1], **UNPRUNED)
    assert slugs(trained_systems(study, "smoke", "dense")) == ["baselines/smoke/seed1/dense"]


def test_lost_queries_are_told_from_bm25_unpruned_models_and_the_criterions_own(study_of: StudyOf) -> None:
    study = study_of("smoke", seeds=[1], criteria=["magnitude", "gradual"])
    shared = ["bm25", "baselines/smoke/seed1/dense", "baselines/smoke/seed1/restart"]
    assert slugs(systems_of_lost_queries(study, "smoke", "magnitude")) == [
        *shared,
        "pruned/smoke/seed1/magnitude-0.5",
        "recovered/smoke/seed1/magnitude-0.5",
    ]
    assert slugs(systems_of_lost_queries(study, "smoke", "gradual")) == [
        *shared,
        "recovered/smoke/seed1/gradual-0.5",
    ]


def test_the_explorer_has_bm25_dense_restart_and_what_was_pruned(study_of: StudyOf) -> None:
    study = study_of("smoke", run=["smoke"], rates=[0.5], seeds=[1])
    assert slugs(explored_systems(study)) == [
        "bm25",
        "baselines/smoke/seed1/dense",
        "baselines/smoke/seed1/restart",
        "pruned/smoke/seed1/magnitude-0.5",
        "recovered/smoke/seed1/magnitude-0.5",
    ]


def test_baselines_are_compared_where_there_is_a_reference(study_of: StudyOf) -> None:
    assert compared_baselines(study_of("smoke")) == []
    assert compared_baselines(study_of("smoke", report={"reference": "smoke"})) == ["smoke"]
