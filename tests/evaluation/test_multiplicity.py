"""Many tests against one control, corrected together."""

from itertools import product

import numpy as np
import pytest

from dsi.evaluation.multiplicity import over_all, step_down_max
from dsi.evaluation.significance import Question, holm, sign_flip_test


def test_one_test_alone_is_the_sign_flip_test() -> None:
    values = np.random.default_rng(1).normal(0.2, 1, (1, 40))
    assert step_down_max(values) == pytest.approx(sign_flip_test(values))


def by_hand(values: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> list[float]:
    """Westfall & Young's step-down adjusted p-values, pattern by pattern."""
    tests, queries = values.shape
    scaled = values / np.sqrt((values**2).sum(axis=1, keepdims=True))
    observed = np.abs(scaled.sum(axis=1))
    order = sorted(range(tests), key=lambda test: -observed[test])
    adjusted, before = [0.0] * tests, 0.0
    for place, test in enumerate(order):
        extreme = [
            max(abs(np.dot(signs, scaled[other])) for other in order[place:]) >= observed[test] - 1e-9
            for signs in product((-1, 1), repeat=queries)
        ]
        before = max(before, float(np.mean(extreme)))
        adjusted[test] = before
    return adjusted


def test_step_down_equals_all_patterns_by_hand() -> None:
    rng = np.random.default_rng(2)
    control = rng.normal(size=9)
    values = np.stack([rng.normal(mean, 1, 9) - 0.7 * control for mean in (1.5, 0.2, 0.8, 0.0)])
    assert step_down_max(values) == pytest.approx(by_hand(values))


def test_two_tests_worked_by_hand() -> None:
    # Both have sums of squares 4. Sums 4 (2 of 16 patterns reach it: all + and all -) and 0, always reached.
    # The largest of both: |s1+s2+s3+s4| or |s1+s2-s3-s4| is 4 for ++++, ----, ++--, --++: 4 of 16.
    assert step_down_max([[1.0, 1, 1, 1], [1, 1, -1, -1]]) == pytest.approx([4 / 16, 1.0])


def test_the_same_system_twice_costs_nothing() -> None:
    values = np.random.default_rng(3).normal(0.3, 1, (1, 60))
    assert step_down_max(np.repeat(values, 5, axis=0)) == pytest.approx(np.repeat(step_down_max(values), 5))


def test_a_test_without_any_difference_has_p_1() -> None:
    assert step_down_max([[0.0, 0, 0], [1, 2, 3]])[0] == 1


def test_training_is_holms_over_all_families_and_parts_keep_their_places() -> None:
    rng = np.random.default_rng(4)
    differences = [rng.normal(size=(2, 3, 20)), rng.normal(size=(3, 3, 20))]
    p = [np.array([0.01, 0.2]), np.array([0.03, np.nan, 0.004])]
    parts = over_all(differences, p, Question.TRAINING)
    assert [len(part) for part in parts] == [2, 3]
    assert np.concatenate(parts) == pytest.approx(holm(np.concatenate(p)), nan_ok=True)
    # 4 tests were made: 0.004 · 4, 0.01 · 3, 0.03 · 2, 0.2.
    assert parts[1][0] == pytest.approx(0.06)
    of_queries = over_all(differences, p, Question.CHECKPOINTS)
    averaged = np.concatenate([matrix.mean(axis=1) for matrix in differences])
    assert np.concatenate(of_queries) == pytest.approx(step_down_max(averaged))


def test_any_false_alarm_of_many_criteria_is_as_rare_as_the_level() -> None:
    """300 studies of 24 tests that share a control: 5 % ± 2.5; each four alone, by Holm, give more."""
    rng, together, alone = np.random.default_rng(5), 0, 0
    for _ in range(300):
        values = rng.normal(size=(24, 50)) - rng.normal(size=50)
        together += step_down_max(values, 999).min() <= 0.05
        alone += holm(sign_flip_test(values, 999).reshape(6, 4)).min() <= 0.05
    assert together / 300 <= 0.075
    assert alone / 300 > 0.1
