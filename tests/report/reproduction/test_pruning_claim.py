"""The claim that pruned beats dense at rates 0.2 and 0.3."""

from itertools import product

import numpy as np
import pytest

from dsi.evaluation.estimates import Array
from dsi.evaluation.significance import Question, compare
from dsi.report.reproduction.frame import reproduction_frame
from dsi.report.reproduction.pruning_claim import (
    Comparison,
    claim_words,
    comparisons,
    corrected,
    dense_row,
    pruning_claim,
)
from dsi.report.reproduction.published import published_rows
from dsi.report.results import MetricReport
from tests.report.reproduction.conftest import (
    claimed_rows,
    entry,
    pruned_reports,
    published_values,
)


def written(reports: list[MetricReport], confidence: float = 0.95) -> str:
    text = pruning_claim(claimed_rows(), reproduction_frame(reports), published_values(reports), confidence)
    return " ".join(text.split())


def test_differences_are_taken_within_seeds_and_counted_in_lists() -> None:
    reports = [*pruned_reports(1, 0.002, 0.001), *pruned_reports(2, 0.004, 0.001)]
    compared = comparisons(claimed_rows(), reproduction_frame(reports), published_values(reports), 0.95)
    found = {(item.rate, item.control, item.measure): item for item in compared}
    item = found[0.2, "dense, 25 epochs", "MAP"]
    assert item.differences.shape == (2, 40)
    assert item.differences.mean(axis=1) == pytest.approx([0.001, 0.003])
    assert item.mean == 0.002
    assert item.published == 0.00095
    # 1,400 queries: 0.002 is 2.8 perfect lists. One perfect list has Recall@1000 0.005.
    assert item.mean * item.lists == pytest.approx(2.8)
    recall = found[0.2, "dense, 25 epochs", "R@1000"]
    assert recall.mean * recall.lists == pytest.approx(2.8 / 0.005)
    assert found[0.2, "restart (rate 0)", "MAP"].published is None
    assert (0.2, "dense E1 + E2", "MAP") not in found


def comparison(differences: Array, rate: float = 0.2, measure: str = "MAP") -> Comparison:
    """Of a control of 0.5, without a published value."""
    control = np.full_like(differences, 0.5)
    return Comparison(rate, "dense", measure, None, control + differences, control, 1400, 0.95)


def test_a_look_is_crossed_its_interval_corrected_for_four_and_its_p_for_nothing() -> None:
    differences = np.random.default_rng(1).normal(0.01, 0.02, (3, 30))
    item = comparison(differences)
    assert corrected(0.95) == pytest.approx(0.9875)
    for question in Question:
        look, expected = item.look(question), compare(differences, None, 0.9875)[question]
        assert (look.lower, look.upper, look.p) == pytest.approx(
            (float(expected.lower), float(expected.upper), float(expected.p))
        )
        assert (look.name, look.control_value) == ("0.2 by MAP", 0.5)


@pytest.mark.parametrize("differences", [np.zeros((3, 30)), np.full((3, 30), 0.001)])
def test_lists_that_do_not_differ_from_each_other_tell_nothing(differences: Array) -> None:
    look = comparison(differences).look(Question.CHECKPOINTS)
    assert np.isnan([look.lower, look.upper, look.p]).all()


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([(0.002, 0.003)], "for training in general, the claim cannot be judged: one run per row has no"),
        (
            [(0.002, 0.003), (0.0021, 0.0031), (0.0022, 0.0032)],
            "for training in general, by 3 seeds, the claim **holds**: a gain at 0.2 by MAP (+",
        ),
        (
            [(0.002, 0.0), (0.0021, 0.0001), (0.0022, 0.0002)],
            "for training in general, by 3 seeds, the claim **does not hold**: a gain at 0.2 by MAP (+",
        ),
        (
            [(0.002, 0.0), (0.0021, 0.003), (0.0022, 0.0002)],
            "for training in general, by 3 seeds, the claim is neither shown nor refuted: a gain at 0.2 by",
        ),
    ],
)
def test_the_third_claim_in_words(values: list[tuple[float, float]], answer: str) -> None:
    text = written([one for seed, pair in enumerate(values, start=1) for one in pruned_reports(seed, *pair)])
    assert "**Here, against dense, 25 epochs, rates 0.2 and 0.3**: " in text
    assert text.count(answer) == 2  # the dense row and restart have the same values
    assert text.count("- for these checkpoints, by ") == 2
    # 0.00214 - 0.00119 = 0.00095, of 1,400 queries 1.33; Recall@1000 is equal in the published rows.
    assert "MAP is above the dense row's at 2 of the claimed rates, by 1.3 lists at most" in text
    assert "Recall@1000 is above the dense row's at 0 of the claimed rates" in text


def test_a_rate_that_was_not_run_leaves_the_claim_untested() -> None:
    reports = [one for one in pruned_reports(1, 0.002, 0.003) if one.system.rate != 0.3]
    assert "not tested" in written(reports)
    assert written(reports[:1]).startswith("Not run")


def test_the_dense_row_to_beat_is_the_best_of_model_and_k() -> None:
    pruned = claimed_rows()[1]
    rows = published_rows([entry("k10", K=10), entry(), entry("later", best=False, epochs="30")])
    assert dense_row(rows, pruned) == rows[1]
    assert dense_row([row._replace(best=False) for row in rows], pruned) == rows[2]._replace(best=False)
    assert dense_row(rows[:1], pruned) is None


def answers(values: Array) -> str:
    """What is said of the four looks, (4, S, Q): MAP and Recall@1000 at 0.2, then at 0.3."""
    looks = product((0.2, 0.3), ("MAP", "R@1000"))
    return claim_words(
        [comparison(matrix, *look) for look, matrix in zip(looks, values, strict=True)], "dense"
    )


def test_no_difference_contradicts_the_claim_as_seldom_as_the_confidence_says() -> None:
    """In 150 studies of 5 seeds and 20 queries without any difference, by each question."""
    rng = np.random.default_rng(6)
    seeds, rest = rng.normal(0, 0.01, (150, 4, 5, 1)), rng.normal(0, 0.02, (150, 4, 5, 20))
    of_training = of_checkpoints = 0
    for study, drawn in zip(rest, seeds, strict=True):
        of_training += "does not hold" in answers(study + drawn).split("for training in general")[1]
        of_checkpoints += "does not hold" in answers(study).split("for training in general")[0]
    assert of_training / 150 <= 0.025 + 0.038  # half of the errors are above; 3 standard errors
    assert of_checkpoints / 150 <= 0.025 + 0.038


def test_the_page_states_the_corrected_intervals() -> None:
    reports = [one for seed, gain in ((1, 0.002), (2, 0.0021)) for one in pruned_reports(seed, gain, 0.003)]
    text = written(reports, 0.9)
    assert "The interval is that of 97.5 % for training in general," in text
    assert "the 4 that judge the claim against one control hold with 90 % together" in text


def test_a_row_and_its_control_of_other_seeds_are_paired_by_those_of_both() -> None:
    reports = [*pruned_reports(1, 0.002, 0.003), *pruned_reports(2, 0.002, 0.003)]
    without = [one for one in reports if (one.system.arm, one.system.seed) != ("dense", 2)]
    found = comparisons(claimed_rows(), reproduction_frame(without), published_values(without), 0.95)
    assert {(item.control, len(item.values)) for item in found} == {
        ("dense, 25 epochs", 1),
        ("restart (rate 0)", 2),
    }
