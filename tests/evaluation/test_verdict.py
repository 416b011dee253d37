"""Verdicts in words, from values per query."""

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.significance import Question, compare
from dsi.evaluation.verdicts import (
    KEYS,
    Gate,
    Verdict,
    VerdictError,
    decide,
    gate,
    gates,
    per_query_values,
    verdicts,
)
from dsi.report.sections.verdict import best_sentence, claim_sentence, verdict_section
from dsi.systems import System

SEEDS, QUERIES = 3, 80
# Of a recovered model: how far its values lie from the control's, and the standard deviation of the rest.
CHANGES = {0.1: (0.0, 0.01), 0.2: (0.1, 0.05), 0.3: (-0.1, 0.05), 0.5: (0.0, 0.2)}


def system_values(system: System, matrix: np.ndarray, split: str) -> pd.DataFrame:
    """One row a query of a system of one seed."""
    qids = [f"{split}{i:03d}" for i in range(len(matrix))]
    rows = pd.DataFrame({"qid": qids, "value": matrix, "split": split})
    return rows.assign(**system._asdict())[[*KEYS, "qid", "value"]]


def study(
    changes: dict[float, tuple[float, float]] = CHANGES,
    seeds: int = SEEDS,
    level: float = 0.5,
    criterion: str = "magnitude",
    validation: dict[float, float] | None = None,
) -> pd.DataFrame:
    """Values of dense, continued, restart and recovered models; on validation the change is as given."""
    rng = np.random.default_rng(0)
    difficulty = rng.normal(0, 0.1, QUERIES)
    frames = []
    for split in ("test", "validation"):
        frames.append(
            system_values(System(None, None, "random", None, None), rng.normal(0.02, 0.01, QUERIES), split)
        )
        for seed in range(1, seeds + 1):
            control = level + difficulty + rng.normal(0, 0.02, QUERIES)
            for arm in ("dense", "restart", "dense-continued"):
                noise = rng.normal(0, 0.001, QUERIES) if arm != "restart" else 0.0
                frames.append(system_values(System("dsi", seed, arm, None, None), control + noise, split))
            for rate, (change, sd) in changes.items():
                mean = (validation or {}).get(rate, change) if split == "validation" else change
                recovered = System("dsi", seed, "recovered", criterion, rate)
                matrix = control + mean + rng.normal(0, sd, QUERIES)
                frames.append(system_values(recovered, matrix, split))
    return pd.concat(frames, ignore_index=True)


def judged(values: pd.DataFrame, margin: float = 0.04) -> pd.DataFrame:
    return verdicts(values, gates(values, 0.95), margin, 0.95)


def row(frame: pd.DataFrame, rate: float, control: str, question: Question) -> "pd.Series[object]":
    found = frame[(frame["rate"] == rate) & (frame["control"] == control) & (frame["question"] == question)]
    assert len(found) == 1
    return found.iloc[0]


def claim(*of_rates: str, question: Question = Question.TRAINING) -> str:
    """The claim's line about a question, of given verdicts at 0.2 and 0.3 against the restart."""
    rows = [
        {"rate": rate, "control": "restart", "question": str(asked), "verdict": verdict, "p": 0.5}
        for rate, verdict in zip((0.2, 0.3), of_rates, strict=True)
        for asked in Question
    ]
    lines = claim_sentence(pd.DataFrame(rows)).splitlines()
    return lines[1 + list(Question).index(question)]


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


def test_an_open_row_says_what_it_needs_and_a_settled_one_does_not() -> None:
    frame = judged(study())
    settled, opened = (row(frame, rate, "restart", Question.TRAINING) for rate in (0.2, 0.5))
    assert pd.isna(settled["needed_seeds"]) and pd.isna(settled["needed_queries"])
    assert opened["needed_seeds"] > SEEDS
    assert "seeds" in verdict_section(frame, gates(study(), 0.95), 0.04, 0.95)


def test_the_best_rate_is_chosen_on_validation() -> None:
    # On test 0.2 is best; on validation 0.3 is.
    frame = judged(study(validation={0.3: 0.4}))
    assert set(frame[frame["best_rate"]]["rate"]) == {0.3}
    sentence = best_sentence(frame, 0.05)
    assert sentence.startswith("**Best rate.** 0.3, chosen on the validation queries.")
    assert "against restart (rate 0) -0.1" in sentence


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
    ("difference", "p_holm", "equivalence_p", "expected"),
    [
        (0.1, 0.01, 0.9, Verdict.BETTER),
        (-0.1, 0.05, 0.9, Verdict.WORSE),
        (-0.001, 0.01, 0.01, Verdict.WORSE),
        (0.1, 0.051, 0.05, Verdict.EQUIVALENT),
        (0.1, 0.2, 0.2, Verdict.OPEN),
        (0.1, float("nan"), float("nan"), Verdict.OPEN),
    ],
)
def test_how_the_tests_decide(
    difference: float, p_holm: float, equivalence_p: float, expected: Verdict
) -> None:
    assert decide(difference, p_holm, equivalence_p, 0.05) is expected


def test_a_sure_but_small_difference_is_called_small() -> None:
    values = study({0.2: (-0.005, 0.001), 0.3: (-0.1, 0.01)})
    section = verdict_section(judged(values), gates(values, 0.95), 0.04, 0.95)
    assert "worse, by less than the margin" in section


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
    section = verdict_section(frame, closed, 0.04, 0.95)
    assert "**Nothing can be concluded** about pruning" in section
    assert "not surely better than a random ranking" in section
    assert "equivalent at" not in section


def test_one_seed_says_nothing_about_training() -> None:
    values = study(seeds=1)
    frame = judged(values)
    training = frame[frame["question"] == Question.TRAINING]
    assert training[["lower", "upper", "p", "p_holm", "equivalence_p"]].isna().all(axis=None)
    assert set(training["verdict"]) == {Verdict.OPEN}
    assert row(frame, 0.2, "restart", Question.CHECKPOINTS)["verdict"] == Verdict.BETTER
    section = verdict_section(frame, gates(values, 0.95), 0.04, 0.95)
    assert "one seed says nothing about other trainings" in section
    assert "2 seeds at least" in section


def test_the_claim_in_words() -> None:
    assert "**holds**: against restart (rate 0) better at 0.2 and better at 0.3" in claim("better", "better")
    assert "**does not hold**" in claim("better", "worse")
    assert "**does not hold**" in claim("equivalent", "not enough evidence")
    assert "**neither shown nor refuted**" in claim("better", "not enough evidence")
    assert claim("better", "better").startswith("- For training in general")
    assert claim("better", "better", question=Question.CHECKPOINTS).startswith("- For these checkpoints")


def test_the_claim_is_not_tested_without_its_rates() -> None:
    assert "is not tested here" in claim_sentence(judged(study({0.2: (0.1, 0.05)})))


def test_the_section_names_both_questions_and_its_margin() -> None:
    values = study()
    section = verdict_section(judged(values), gates(values, 0.95), 0.04, 0.95)
    for text in ("*these checkpoints*", "*training in general*", "4 % of the MAP of dense E1", "95 %"):
        assert text in section
    assert "### Verdict: dsi, magnitude" in section
    assert "Recovered minus restart (rate 0)" in section and "Recovered minus dense E1 + E2" in section


def test_a_measure_is_read_from_the_per_query_frames() -> None:
    frame = pd.DataFrame(
        {"qid": ["1", "1"], "split": "test", "measure": ["MAP", "R@10"], "value": [0.25, 1.0]}
    )
    system = System("dsi", 1, "dense", None, None)
    values = per_query_values([(system, frame)], "MAP")
    assert values[["arm", "seed", "qid", "value"]].to_numpy().tolist() == [["dense", 1, "1", 0.25]]
    with pytest.raises(VerdictError, match="baselines/dsi/seed1/dense lack MRR@10"):
        per_query_values([(system, frame)], "MRR@10")


def test_systems_without_the_same_seeds_or_queries_are_refused() -> None:
    values = study()
    lost = (values["arm"] == "recovered") & (values["rate"] == 0.3)
    with pytest.raises(VerdictError, match=r"recovered magnitude 0.3 of dsi and restart .* same seeds"):
        judged(values[~(lost & (values["seed"] == 2))])
    with pytest.raises(VerdictError, match=r"same queries: found 79 and 80, test007"):
        judged(values[~(lost & (values["qid"] == "test007"))])
    with pytest.raises(VerdictError, match="lacks the value of a query in some seed"):
        judged(values[~(lost & (values["qid"] == "test007") & (values["seed"] == 2))])
    with pytest.raises(VerdictError, match="two values for a query"):
        judged(pd.concat([values, values[lost].head(1)]))


def test_a_missing_control_is_refused() -> None:
    values = study()
    with pytest.raises(VerdictError, match="restart of dsi are missing"):
        judged(values[values["arm"] != "restart"])
    # The other control may be missing.
    assert set(judged(values[values["arm"] != "dense-continued"])["control"]) == {"restart"}
