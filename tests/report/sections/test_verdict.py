"""Verdicts in words."""

import re

import numpy as np
import pandas as pd

from dsi.evaluation.gates import gates
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import LOSS_SCALE, Verdict, verdicts
from dsi.report.sections.verdict import best_sentence, claim_sentence, verdict_section
from tests.evaluation.conftest import judged, row, study


def section(values: pd.DataFrame) -> str:
    return verdict_section(judged(values), gates(values, 0.95), 0.04, 0.95)


def rows_of(text: str, rate: str) -> list[str]:
    """The two rows of a rate in the first table: these checkpoints, training."""
    return [line for line in text.splitlines() if line.startswith(f"| {rate} ")][:2]


def test_open_rows_say_how_many_seeds_would_settle_them() -> None:
    found = re.findall(r"To find the margin: at 0\.5 .*?seeds", " ".join(section(study()).split()))
    assert len(found) == 2  # one a control


def test_the_sentence_about_the_rate_chosen_on_validation_is_of_the_test_queries() -> None:
    # On test 0.2 is best; on validation 0.3 is.
    sentence = best_sentence(judged(study(validation={0.3: 0.4})), 0.05)
    assert sentence.startswith("**Highest on validation**: rate 0.3. That is a choice among rates that")
    assert "against restart (rate 0) -0.1" in sentence


def test_nothing_is_concluded_from_a_model_no_better_than_random() -> None:
    text = section(study(level=0.02))
    assert "**Nothing can be concluded** about pruning" in text
    assert "not surely better than a random ranking" in text
    assert "equivalent at" not in text


def test_one_seed_says_nothing_about_training() -> None:
    text = section(study(seeds=1))
    assert "one seed says nothing about other trainings" in " ".join(text.split())
    assert "5 seeds or more; one seed does not say how many" in text
    assert "| one seed cannot tell |" in re.sub(" +", " ", text)


def test_a_sure_but_small_difference_is_called_small() -> None:
    values = study({0.2: (-0.005, 0.001), 0.3: (-0.1, 0.01)})
    text = section(values)
    assert "worse, within the margin" in text


def test_the_claim_is_answered_by_question_and_control() -> None:
    changes = {0.2: (0.1, 0.01), 0.3: (-0.1, 0.01), 0.5: (0.0, 0.01)}
    text = " ".join(claim_sentence(judged(study(changes)), 0.05).split())
    for words in ("For these checkpoints", "For training in general"):
        for control in ("restart (rate 0)", "dense E1 + E2"):
            assert f"{words}, against {control}, it **does not hold**: a gain at 0.2 (+" in text
    assert text.count("no gain at 0.3 (at most -") == 4


def test_the_claim_needs_no_correction_for_other_rates() -> None:
    """Two gains whose raw p lies below .05 and whose Holm over seven does not."""
    changes = dict.fromkeys((0.1, 0.15, 0.25, 0.4, 0.5), (0.0, 0.01))
    values = study({**changes, 0.2: (0.0, 0.0), 0.3: (0.0, 0.0)}, seeds=1)
    number = values["qid"].str[-3:].astype(int)
    spread = np.where(number % 2 == 0, 1, -1) * 0.005 * np.sqrt(79) / 2.3
    values["value"] += np.where(values["rate"].isin([0.2, 0.3]), 0.005 + spread, 0)
    frame = judged(values).query("question == 'checkpoints' and control == 'restart'")
    assert (frame[frame["rate"].isin([0.2, 0.3])]["p_holm"] > 0.05).all()
    assert "it **holds**: a gain at 0.2 (+0.1 %" in claim_sentence(judged(values), 0.05)


def small_gain() -> pd.DataFrame:
    """0.2 and 0.3 gain 0.005, 1 % of the MAP of 0.5: 2.3 standard errors over 80 queries, in all seeds."""
    values = study({0.1: (0.0, 0.0), 0.2: (0.0, 0.0), 0.3: (0.0, 0.0), 0.5: (0.0, 0.0)})
    number = values["qid"].str[-3:].astype(int)
    spread = np.where(number % 2 == 0, 1, -1) * 0.005 * np.sqrt(79) / 2.3
    values["value"] += np.where(values["rate"].isin([0.2, 0.3]), 0.005 + spread, 0)
    return values


def test_a_gain_within_the_margin_is_one_and_not_more_than_the_margin() -> None:
    frame = judged(small_gain())
    for rate in (0.2, 0.3):
        found = row(frame, rate, "restart", Question.CHECKPOINTS)
        assert found["verdict"] == Verdict.BETTER
        assert found["equivalence_p"] < 0.05 and found["lower"] > 0
    text = " ".join(claim_sentence(frame, 0.05).split())
    assert "For these checkpoints, against restart (rate 0), it **holds**: a gain at 0.2" in text
    assert "gains more than the margin (4.1 %) does not hold: excluded at 0.2 and 0.3." in text


def collapsed(seeds: int) -> pd.DataFrame:
    """A model that has lost nearly all of its MAP of 0.5, by 0.1 more in every further seed."""
    values = study({0.2: (-0.28, 0.02), 0.3: (-0.29, 0.02), 0.9: (-0.3, 0.02)}, seeds=seeds)
    recovered = values["arm"] == "recovered"
    values.loc[recovered, "value"] -= 0.1 * values.loc[recovered, "seed"].astype(float)
    return values


def test_two_seeds_say_what_they_cannot_answer_and_how_many_can() -> None:
    text = section(collapsed(2))
    assert "| two seeds cannot tell |" in re.sub(" +", " ", rows_of(text, "0.9")[1])
    assert "To find the margin: 5 seeds or more; two seeds do not say how many." in text
    assert "more than 100 seeds" not in text
    words = " ".join(text.split())
    # Student's t of 1 - .05 / 3 / 2 with 1, 2, 4 and 9 degrees of freedom.
    for part in ("has to be 38 times", "with 3 seeds 7.6 times", "with 5 4.0, with 10 2.9"):
        assert part in words
    assert "Two seeds hardly" not in section(collapsed(3))


def test_intervals_end_where_the_measure_does() -> None:
    frame = judged(collapsed(2))
    training = frame[frame["question"] == Question.TRAINING]
    assert training["lower"].min() == -1.0
    assert training["upper"].max() <= 1.0
    assert "at worst 100.0 % below it" in " ".join(best_sentence(frame, 0.05).split())
    dense = gates(study(seeds=2, level=0.9), 0.95)["dsi"].dense
    assert dense[0] >= 0 and dense[1] <= 1


def test_tables_fit_a_screen() -> None:
    for values in (study(), collapsed(2), study(seeds=1)):
        assert max(len(line) for line in section(values).splitlines() if line.startswith("|")) <= 100


def test_beside_the_verdicts_stand_wins_and_deviations() -> None:
    text = section(study())
    assert "P(win): checkpoints |" in text and "sd: seeds" in text
    line = [line for line in text.splitlines() if line.startswith("| 0.2 ")][2]
    assert re.search(r"\| +0\.9\d \[0\.9\d, 1\.00\] +\|", line)


def test_what_only_the_correction_of_its_criterion_finds_is_called_alone() -> None:
    changes = {0.2: (0.02, 0.05)}
    others = [study(changes, criterion=f"other{n}").query("criterion.notna()") for n in range(3)]
    text = section(pd.concat([study(changes), *others]))
    assert re.search(r"\| +better alone", text)
    assert "p over 4 tests" in " ".join(text.split())
    assert "any `better` or\n`worse` of all criteria and rates is wrong is at most 0.05" in text


def test_the_same_stands_there_for_the_loss() -> None:
    values = study()
    of_loss = verdicts(values, gates(values, 0.95), None, 0.95, scale=LOSS_SCALE)
    text = verdict_section(judged(values), gates(values, 0.95), 0.04, 0.95, of_loss, looked_at=[4])
    after = text.split("**The same for the test loss**, in nats, lower being better.")[1]
    assert "Recovered minus restart (rate 0) (loss 0.5" in after
    assert re.search(r"\| worse \|", re.sub(" +", " ", rows_of(after, "0.2")[0]))
    assert "**Fresh seeds only.** Seeds 4 had been looked at" in text


def test_a_model_surely_below_a_random_ranking_is_not_called_not_apart() -> None:
    values = study()
    values.loc[values["arm"] == "dense", "value"] *= 0.001
    values.loc[values["arm"] == "random", "value"] += 0.1
    text = section(values)
    assert "the dense model is surely worse" in text and "not apart" not in text.split("### Verdict")[0]


def test_one_test_query_has_no_verdict() -> None:
    values = study()
    values = values[(values["split"] == "validation") | values["qid"].eq("test000")]
    assert gates(values, 0.95) == {}
    assert "**No verdict.** There are fewer than 2 judged test queries" in section(values)


def test_a_dense_model_that_finds_nothing_is_said_not_to() -> None:
    values = study()
    values.loc[values["arm"] == "dense", "value"] = 0.0
    text = section(values)
    assert "**Nothing can be concluded**" in text
    assert "Nothing was pruned" not in text


def test_a_control_that_finds_nothing_has_no_shares() -> None:
    values = study()
    values.loc[values["arm"] == "restart", "value"] = 0.0
    text = section(values)
    assert "inf" not in text and "nan" not in text
    assert re.search(r"\+0\.6\d{3} +\|", text)  # the difference alone


def test_the_claim_is_not_tested_without_its_rates() -> None:
    assert "is not tested here" in claim_sentence(judged(study({0.2: (0.1, 0.05)})), 0.05)


def test_the_section_names_both_questions_and_its_margin() -> None:
    values = study()
    text = section(values)
    for words in ("*these checkpoints*", "*training in general*", "4 % of the MAP of dense E1", "95 %"):
        assert words in text
    assert "### Verdict: dsi, magnitude" in text
    assert "Recovered minus restart (rate 0)" in text and "Recovered minus dense E1 + E2" in text
