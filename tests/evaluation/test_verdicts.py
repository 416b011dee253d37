"""Verdicts from values per query."""

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.estimates import components
from dsi.evaluation.gates import Gate, gate, gates
from dsi.evaluation.paired_values import PairingError, without_seeds
from dsi.evaluation.significance import Question, compare
from dsi.evaluation.verdicts import LOSS_SCALE, Verdict, decide, verdicts
from tests.evaluation.conftest import CHANGES, QUERIES, SEEDS, judged, row, study


@pytest.mark.parametrize("control", ["restart", "dense-continued"])
@pytest.mark.parametrize("question", list(Question))
def test_verdicts_of_differences_that_are_known(control: str, question: Question) -> None:
    frame = judged(study())
    expected = {0.1: Verdict.EQUIVALENT, 0.2: Verdict.BETTER, 0.3: Verdict.WORSE, 0.5: Verdict.OPEN}
    assert {rate: row(frame, rate, control, question)["verdict"] for rate in CHANGES} == expected


def test_a_row_has_the_statistics_of_its_paired_differences() -> None:
    values = study()
    test = values[values["split"] == "test"]
    by_arm = {
        arm: test[(test["arm"] == arm) & (test["rate"].isna() | (test["rate"] == 0.2))].pivot(
            index="seed", columns="qid", values="value"
        )
        for arm in ("dense", "restart", "recovered")
    }
    differences = (by_arm["recovered"] - by_arm["restart"]).to_numpy()
    margin = 0.04 * by_arm["dense"].to_numpy().mean()
    answers = compare(differences, margin, 0.95)
    frame = judged(values)
    for question in Question:
        found = row(frame, 0.2, "restart", question)
        names = ["difference", "lower", "upper", "p", "equivalence_p"]
        assert [found[name] for name in names] == pytest.approx([float(x) for x in answers[question]])
        assert found["share_of_control"] == pytest.approx(
            differences.mean() / by_arm["restart"].to_numpy().mean()
        )
        assert found["margin"] == pytest.approx(margin)
        assert (found["seeds"], found["queries"]) == (SEEDS, QUERIES)


def test_the_order_of_the_rows_changes_nothing() -> None:
    values = study()
    shuffled = values.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(judged(shuffled), judged(values))


def test_holm_is_over_the_rates_of_one_criterion() -> None:
    one = study()
    other = study(criterion="random")
    both = pd.concat([one, other[other["criterion"] == "random"]])
    frame = judged(both)
    assert len(frame) == 2 * len(judged(one))
    of_one = frame[frame["criterion"] == "magnitude"].reset_index(drop=True)
    pd.testing.assert_series_equal(of_one["p_holm"], judged(one)["p_holm"])
    smallest = of_one[of_one["question"] == Question.TRAINING].nsmallest(1, "p").iloc[0]
    assert smallest["p_holm"] == pytest.approx(4 * smallest["p"])
    # Both criteria share the restart: 8 tests.
    assert set(frame["tests"]) == {8}
    assert smallest["p_all"] == pytest.approx(8 * smallest["p"])


def test_a_verdict_is_corrected_over_criteria_and_alone_over_rates_only() -> None:
    changes = {0.2: (0.02, 0.05)}
    others = [study(changes, criterion=f"other{n}").query("criterion.notna()") for n in range(3)]
    frame = judged(pd.concat([study(changes), *others]))
    found = row(frame[frame["criterion"] == "magnitude"], 0.2, "restart", Question.TRAINING)
    assert found["tests"] == 4
    assert found["p_holm"] == pytest.approx(found["p"]) and found["p_all"] == pytest.approx(4 * found["p"])
    assert 0.0125 < found["p"] < 0.05
    assert (found["verdict_alone"], found["verdict"]) == (Verdict.BETTER, Verdict.OPEN)


def test_beside_each_verdict_stand_variances_and_wins() -> None:
    values = study()
    test = values[values["split"] == "test"]
    recovered, restart = (
        test[(test["arm"] == arm) & (test["rate"].isna() | (test["rate"] == 0.2))].pivot(
            index="seed", columns="qid", values="value"
        )
        for arm in ("recovered", "restart")
    )
    differences = (recovered - restart).to_numpy()
    found = row(judged(values), 0.2, "restart", Question.TRAINING)
    names = ["variance_seeds", "variance_queries", "variance_rest"]
    assert [found[name] for name in names] == pytest.approx(list(components(differences)))
    assert found["win"] == pytest.approx((differences > 0).mean())
    assert found["win_lower"] < found["win"] < found["win_upper"] <= 1


def small(values: pd.DataFrame, arm: str, rate: float, value: float) -> pd.DataFrame:
    """A small model's values beside those of a study of ffn: the restart's, and so much more."""
    restart = values[values["arm"] == "restart"]
    return restart.assign(arm=arm, criterion="ffn", rate=rate, value=restart["value"] + value)


def test_small_models_are_controls_at_their_own_rate() -> None:
    values = study(criterion="ffn")
    frame = judged(pd.concat([values, small(values, "small", 0.2, -0.2), small(values, "small", 0.3, 0.1)]))
    assert set(frame["control"]) == {"restart", "dense-continued", "small"}
    rows = {rate: row(frame, rate, "small", Question.CHECKPOINTS) for rate in (0.2, 0.3)}
    restart = row(frame, 0.2, "restart", Question.CHECKPOINTS)
    assert rows[0.2]["control_value"] == pytest.approx(restart["control_value"] - 0.2)
    assert rows[0.3]["control_value"] == pytest.approx(restart["control_value"] + 0.1)
    assert rows[0.2]["difference"] == pytest.approx(restart["difference"] + 0.2)
    assert set(frame[frame["control"] == "small"]["rate"]) == {0.2, 0.3}
    assert rows[0.2]["tests"] == 2
    pd.testing.assert_frame_equal(
        frame[frame["control"] == "restart"].reset_index(drop=True),
        judged(values).query("control == 'restart'").reset_index(drop=True),
    )


def test_small_models_of_another_criterion_are_no_controls() -> None:
    values = study()
    frame = judged(pd.concat([values, small(values, "small", 0.2, 0.0)]))
    assert set(frame["control"]) == {"restart", "dense-continued"}


def test_a_loss_is_better_when_it_is_lower_and_has_no_margin() -> None:
    values = study(validation={0.3: -0.4})
    passed = gates(values, 0.95)
    values["value"] += 3.0  # beyond 1
    frame = verdicts(values, passed, None, 0.95, scale=LOSS_SCALE)
    for question in Question:
        found = {rate: row(frame, rate, "restart", question) for rate in CHANGES}
        assert (found[0.2]["verdict"], found[0.3]["verdict"]) == (Verdict.WORSE, Verdict.BETTER)
        assert found[0.1]["verdict"] == Verdict.OPEN  # no margin, no equivalence
        assert found[0.2]["difference"] > 0 and found[0.2]["win"] < 0.5
    assert frame[["margin", "equivalence_p"]].isna().all(axis=None)
    assert frame["needed_seeds"].isna().all()
    assert set(frame[frame["best_rate"]]["rate"]) == {0.3}


def test_seeds_looked_at_are_left_out_and_references_stay() -> None:
    values = study()
    fresh = without_seeds(values, [1])
    assert set(fresh["seed"].dropna()) == {2, 3}
    assert (fresh["arm"] == "random").any()
    assert set(judged(fresh)["seeds"]) == {2}


def test_an_open_row_says_what_it_needs_and_a_settled_one_does_not() -> None:
    frame = judged(study())
    settled, opened = (row(frame, rate, "restart", Question.TRAINING) for rate in (0.2, 0.5))
    assert pd.isna(settled["needed_seeds"]) and pd.isna(settled["needed_queries"])
    assert opened["needed_seeds"] > SEEDS


def test_the_best_rate_is_chosen_on_validation() -> None:
    # On test 0.2 is best; on validation 0.3 is.
    frame = judged(study(validation={0.3: 0.4}))
    assert set(frame[frame["best_rate"]]["rate"]) == {0.3}


def test_of_equally_good_rates_the_highest_is_best() -> None:
    values = study()
    values.loc[(values["split"] == "validation") & (values["arm"] == "recovered"), "value"] = 0.5
    assert set(judged(values).query("best_rate")["rate"]) == {0.5}


def test_the_best_criterion_of_each_rate_is_chosen_on_validation() -> None:
    one, other = study(validation={0.5: 0.3}), study(criterion="wanda", validation={0.1: 0.3})
    values = pd.concat([one, other[other["criterion"] == "wanda"]])
    best = judged(values).query("best_criterion")
    chosen = dict(zip(best["rate"], best["criterion"], strict=True))
    assert (chosen[0.1], chosen[0.5]) == ("wanda", "magnitude")


@pytest.mark.parametrize(
    ("gain", "p", "equivalence_p", "expected"),
    [
        (0.1, 0.01, 0.9, Verdict.BETTER),
        (-0.1, 0.05, 0.9, Verdict.WORSE),
        (-0.001, 0.01, 0.01, Verdict.WORSE),
        (0.1, 0.051, 0.05, Verdict.EQUIVALENT),
        (0.1, 0.2, 0.2, Verdict.OPEN),
        (0.1, float("nan"), float("nan"), Verdict.OPEN),
    ],
)
def test_how_the_tests_decide(gain: float, p: float, equivalence_p: float, expected: Verdict) -> None:
    assert decide(gain, p, equivalence_p, 0.05) is expected


def test_gate_worked_by_hand() -> None:
    # One seed: mean 0.5, s = 0.1, n = 3: 0.5 ± 4.30265 · 0.1 / √3 = 0.5 ± 0.24841.
    found = gate(np.array([[0.4, 0.5, 0.6]]), np.array([0.2, 0.2, 0.2]), 0.95)
    assert found.dense == pytest.approx((0.25159, 0.74841), abs=1e-5)
    assert found.random == pytest.approx((0.2, 0.2))
    assert found.passed
    assert not gate(np.array([[0.4, 0.5, 0.6]]), np.array([0.26, 0.26, 0.26]), 0.95).passed
    assert not Gate((0.3, 0.4), (0.1, 0.3)).passed


def test_several_seeds_widen_the_gate() -> None:
    queries = np.linspace(0.4, 0.6, 50)
    alike, apart = (gate(queries + np.array([[-s], [0], [s]]), np.zeros(50), 0.95) for s in (0.001, 0.25))
    assert alike.passed
    assert not apart.passed


def test_nothing_is_concluded_from_a_model_no_better_than_random() -> None:
    values = study(level=0.02)
    closed = gates(values, 0.95)
    frame = verdicts(values, closed, 0.04, 0.95)
    assert set(frame["verdict"]) == {Verdict.NOTHING}
    assert frame["needed_seeds"].isna().all()


def test_one_seed_says_nothing_about_training() -> None:
    values = study(seeds=1)
    frame = judged(values)
    training = frame[frame["question"] == Question.TRAINING]
    assert (
        training[["lower", "upper", "p", "p_holm", "p_all", "equivalence_p", "win_lower"]]
        .isna()
        .all(axis=None)
    )
    assert set(training["verdict"]) == {Verdict.OPEN}
    assert row(frame, 0.2, "restart", Question.CHECKPOINTS)["verdict"] == Verdict.BETTER


def test_a_missing_control_is_refused() -> None:
    values = study()
    with pytest.raises(PairingError, match="restart of dsi are missing"):
        judged(values[values["arm"] != "restart"])
    # The other control may be missing.
    assert set(judged(values[values["arm"] != "dense-continued"])["control"]) == {"restart"}
