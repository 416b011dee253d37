"""Verdicts in words."""

import re

import numpy as np
import pandas as pd
import pytest

from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import Verdict, gates
from dsi.report.sections.verdict import best_sentence, claim_sentence, verdict_section
from tests.evaluation.conftest import judged, row, study


def section(values: pd.DataFrame) -> str:
    return verdict_section(judged(values), gates(values, 0.95), 0.04, 0.95)


def claim(*of_rates: str, question: Question = Question.TRAINING, seeds: int = 3) -> str:
    """The claim's line about a question, of given verdicts at 0.2 and 0.3 against the restart."""
    same = {"control": "restart", "p": 0.5, "seeds": seeds}
    rows = [
        {"rate": rate, "question": str(asked), "verdict": verdict, **same}
        for rate, verdict in zip((0.2, 0.3), of_rates, strict=True)
        for asked in Question
    ]
    lines = claim_sentence(pd.DataFrame(rows)).splitlines()
    return lines[1 + list(Question).index(question)]


def test_an_open_row_says_how_many_seeds_would_settle_it() -> None:
    line = next(line for line in section(study()).splitlines() if line.startswith("| 0.5 "))
    assert " seeds" in line.split("|")[-2]


def test_the_sentence_about_the_best_rate_is_of_the_test_queries() -> None:
    # On test 0.2 is best; on validation 0.3 is.
    sentence = best_sentence(judged(study(validation={0.3: 0.4})), 0.05)
    assert sentence.startswith("**Best rate.** 0.3, chosen on the validation queries.")
    assert "against restart (rate 0) -0.1" in sentence


def test_nothing_is_concluded_from_a_model_no_better_than_random() -> None:
    text = section(study(level=0.02))
    assert "**Nothing can be concluded** about pruning" in text
    assert "not surely better than a random ranking" in text
    assert "equivalent at" not in text


def test_one_seed_says_nothing_about_training() -> None:
    text = section(study(seeds=1))
    assert "one seed says nothing about other trainings" in text
    assert "5 seeds or more; one seed does not say how many" in text
    assert "| one seed cannot tell " in text


def test_a_sure_but_small_difference_is_called_small() -> None:
    values = study({0.2: (-0.005, 0.001), 0.3: (-0.1, 0.01)})
    text = section(values)
    assert "worse, by less than the margin" in text


@pytest.mark.parametrize(
    ("at_02", "at_03", "words"),
    [
        ("better", "better", "it **holds**: against restart (rate 0) better at 0.2 and better at 0.3."),
        ("better", "worse", "it **does not hold**: "),
        ("equivalent", "worse", "it **does not hold**: "),
        ("not enough evidence", "worse", "it **does not hold**: "),
        ("equivalent", "equivalent", "**neither shown nor refuted**; any gain is smaller than the margin: "),
        ("better", "equivalent", "refuted**; where it is equivalent, any gain is smaller than the margin: "),
        ("equivalent", "not enough evidence", "refuted**; where it is equivalent, any gain is smaller "),
        ("better", "not enough evidence", "is **neither shown nor refuted**: against restart (rate 0) "),
        ("not enough evidence", "not enough evidence", "is **neither shown nor refuted**: against restart"),
    ],
)
@pytest.mark.parametrize("question", list(Question))
def test_the_claim_in_words(at_02: str, at_03: str, words: str, question: Question) -> None:
    """Only a rate that is surely worse refutes it: a difference that is surely small may be a gain."""
    assert words in claim(at_02, at_03, question=question)


def test_the_claim_names_its_question() -> None:
    assert claim("better", "better").startswith("- For training in general")
    assert claim("better", "better", question=Question.CHECKPOINTS).startswith("- For these checkpoints")


def small_gain() -> pd.DataFrame:
    """0.2 and 0.3 gain 0.005, 1 % of the MAP of 0.5: 2.3 standard errors over 80 queries, in all seeds."""
    values = study({0.1: (0.0, 0.0), 0.2: (0.0, 0.0), 0.3: (0.0, 0.0), 0.5: (0.0, 0.0)})
    number = values["qid"].str[-3:].astype(int)
    spread = np.where(number % 2 == 0, 1, -1) * 0.005 * np.sqrt(79) / 2.3
    values["value"] += np.where(values["rate"].isin([0.2, 0.3]), 0.005 + spread, 0)
    return values


def test_a_gain_within_the_margin_does_not_refute_the_claim() -> None:
    frame = judged(small_gain())
    for rate in (0.2, 0.3):
        found = row(frame, rate, "restart", Question.CHECKPOINTS)
        assert found["verdict"] == Verdict.EQUIVALENT
        assert found["lower"] > 0
    assert "does not hold" not in claim_sentence(frame)
    assert "any gain is smaller than the margin" in claim_sentence(frame)


def collapsed(seeds: int) -> pd.DataFrame:
    """A model that has lost nearly all of its MAP of 0.5, by 0.1 more in every further seed."""
    values = study({0.2: (-0.28, 0.02), 0.3: (-0.29, 0.02), 0.9: (-0.3, 0.02)}, seeds=seeds)
    recovered = values["arm"] == "recovered"
    values.loc[recovered, "value"] -= 0.1 * values.loc[recovered, "seed"].astype(float)
    return values


def test_two_seeds_say_what_they_cannot_answer_and_how_many_can() -> None:
    text = section(collapsed(2))
    line = next(line for line in text.splitlines() if line.startswith("| 0.9 "))
    assert "| two seeds cannot tell " in line
    assert "| 5 seeds or more; two seeds do not say how many |" in line
    assert "more than 100 seeds" not in text
    words = " ".join(text.split())
    # Student's t of 1 - .05 / 3 / 2 with 1, 2, 4 and 9 degrees of freedom.
    for part in ("has to be 38 times", "with 3 seeds 7.6 times", "with 5 4.0, with 10 2.9"):
        assert part in words
    assert "it cannot be judged: two seeds say next to nothing about other trainings." in words
    assert "Two seeds hardly" not in section(collapsed(3))


def test_intervals_end_where_the_measure_does() -> None:
    frame = judged(collapsed(2))
    training = frame[frame["question"] == Question.TRAINING]
    assert training["lower"].min() == -1.0
    assert training["upper"].max() <= 1.0
    assert "at worst 100.0 % below it" in best_sentence(frame, 0.05)
    dense = gates(study(seeds=2, level=0.9), 0.95)["dsi"].dense
    assert dense[0] >= 0 and dense[1] <= 1


def test_the_counts_are_for_finding_the_margin() -> None:
    text = section(study())
    assert sum("to find the margin |" in line for line in text.splitlines()) == 2  # the tables
    assert "a larger difference takes fewer" in text
    assert "to settle it" not in text


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
    assert "is not tested here" in claim_sentence(judged(study({0.2: (0.1, 0.05)})))


def test_the_section_names_both_questions_and_its_margin() -> None:
    values = study()
    text = section(values)
    for words in ("*these checkpoints*", "*training in general*", "4 % of the MAP of dense E1", "95 %"):
        assert words in text
    assert "### Verdict: dsi, magnitude" in text
    assert "Recovered minus restart (rate 0)" in text and "Recovered minus dense E1 + E2" in text
