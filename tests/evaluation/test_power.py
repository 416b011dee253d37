"""How many seeds or queries would settle a comparison."""

import math

import numpy as np
import pytest
from scipy import stats

from dsi.evaluation.estimates import Components, components, crossed_estimate
from dsi.evaluation.power import needed, power
from dsi.evaluation.significance import Question
from tests.evaluation.conftest import WORKED, crossed


def test_power_over_queries_equals_the_noncentral_t_distribution() -> None:
    # A t test of 34 with an effect of 0.5 standard deviations has power .808 (Cohen 1988; G*Power).
    found = power(Components(0, 1, 0), 2, 34, 0.5, 0.05, 1)
    critical = stats.t.ppf(0.975, 33)
    equivalence = 2 * stats.t.cdf(0.5 * math.sqrt(34) - stats.t.ppf(0.95, 33), 33) - 1
    assert stats.nct.sf(critical, 33, 0.5 * math.sqrt(34)) == pytest.approx(0.808, abs=0.001)
    assert found == pytest.approx(min(0.808, equivalence), abs=0.02)


def test_power_is_that_of_simulated_experiments() -> None:
    rng = np.random.default_rng(5)
    values = crossed(rng, (3000, 5, 100), 0.01, 0.1, 1.0)
    found = crossed_estimate(values + 0.3).p_value() <= 0.05 / 7
    equivalent = crossed_estimate(values).equivalence_p(0.3) <= 0.05
    expected = min(found.mean(), equivalent.mean())
    assert power(Components(0.01, 0.1, 1.0), 5, 100, 0.3, 0.05, 7) == pytest.approx(expected, abs=0.03)


def test_needed_reaches_the_power_and_one_less_does_not() -> None:
    values = crossed(np.random.default_rng(6), (1, 4, 150), 0.0005, 0.02, 0.3)[0]
    variances = components(values)
    seeds, queries = needed(values, Question.TRAINING, 0.15)
    assert seeds is not None and queries is not None
    for s, q in ((seeds, 150), (4, queries)):
        assert power(variances, s, q, 0.15, 0.05, 1) >= 0.8
    assert power(variances, seeds - 1, 150, 0.15, 0.05, 1) < 0.8
    assert power(variances, 4, queries - 1, 0.15, 0.05, 1) < 0.8


def test_no_number_of_queries_makes_up_for_seeds_that_differ() -> None:
    # Seeds' effects of variance 1, so a t test over seeds with an effect of 0.5: 34 of them find it (Cohen
    # 1988); to show equivalence, about (t 95 % + t 90 %)² · 4 = (1.69 + 1.31)² · 4 = 36.
    values = np.repeat([[-1.0], [0.0], [1.0]], 50, axis=1)
    seeds, queries = needed(values, Question.TRAINING, 0.5)
    assert queries is None
    assert seeds is not None and 35 <= seeds <= 37


def test_needed_says_nothing_about_training_from_one_seed() -> None:
    assert needed(WORKED[:1], Question.TRAINING, 0.1) == (None, None)
    seeds, queries = needed(WORKED[:1], Question.CHECKPOINTS, 0.5)
    assert seeds is None and queries is not None and queries > 4
