"""Verdicts in words."""

import pandas as pd

from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import gates
from dsi.report.sections.verdict import best_sentence, claim_sentence, verdict_section
from tests.evaluation.conftest import judged, study


def section(values: pd.DataFrame) -> str:
    return verdict_section(judged(values), gates(values, 0.95), 0.04, 0.95)


def claim(*of_rates: str, question: Question = Question.TRAINING) -> str:
    """The claim's line about a question, of given verdicts at 0.2 and 0.3 against the restart."""
    rows = [
        {"rate": rate, "control": "restart", "question": str(asked), "verdict": verdict, "p": 0.5}
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
    assert "2 seeds at least" in text


def test_a_sure_but_small_difference_is_called_small() -> None:
    values = study({0.2: (-0.005, 0.001), 0.3: (-0.1, 0.01)})
    text = section(values)
    assert "worse, by less than the margin" in text


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
    text = section(values)
    for words in ("*these checkpoints*", "*training in general*", "4 % of the MAP of dense E1", "95 %"):
        assert words in text
    assert "### Verdict: dsi, magnitude" in text
    assert "Recovered minus restart (rate 0)" in text and "Recovered minus dense E1 + E2" in text
