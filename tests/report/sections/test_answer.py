"""How far it can be pruned, in one sentence."""

import pandas as pd
import pytest

from dsi.evaluation.gates import gates
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import COLUMNS, Verdict
from dsi.report.sections.answer import answer_bullets, answer_sentence
from tests.evaluation.conftest import judged, study

# Of a control of 0.5 with a margin of 0.01: kept, open, lost.
KEPT, OPEN, LOST = (-0.008, 0.02), (-0.05, 0.02), (-0.25, -0.2)


def rows(
    checkpoints: dict[float, tuple[float, float]],
    training: dict[float, tuple[float, float]],
    criterion: str = "magnitude",
    seeds: int = 3,
) -> pd.DataFrame:
    """Rows of `verdicts` with the given intervals."""
    nothing = dict.fromkeys(COLUMNS)
    same = {"baseline": "dsi", "criterion": criterion, "control": "restart", "control_value": 0.5}
    same |= {"margin": 0.01, "equivalence_p": 1.0, "verdict": Verdict.OPEN, "seeds": seeds}
    found = []
    for question, intervals in ((Question.CHECKPOINTS, checkpoints), (Question.TRAINING, training)):
        for rate, (lower, upper) in intervals.items():
            middle = (lower + upper) / 2
            numbers = {"rate": rate, "lower": lower, "upper": upper, "difference": middle}
            shares = {"share_of_control": middle / 0.5, "question": str(question)}
            found.append({**nothing, **same, **numbers, **shares})
    return pd.DataFrame(found)[list(COLUMNS)]


def answered(*intervals: dict[float, tuple[float, float]], **more: object) -> str:
    return answer_sentence(rows(*intervals, **more), 0.02, 0.05)  # type: ignore[arg-type]


def test_the_answer_has_both_questions_the_loss_where_it_breaks_and_what_is_open() -> None:
    found = answered(
        {0.3: KEPT, 0.5: KEPT, 0.7: OPEN, 0.9: LOST}, {0.3: KEPT, 0.5: OPEN, 0.7: OPEN, 0.9: (-0.245, -0.205)}
    )
    assert found == (
        "**dsi, magnitude**: pruned and recovered, up to 0.5 of the Linear weights go at no loss of MAP "
        "above 2 % for these checkpoints, up to 0.3 for training in general; at 0.9 it loses 45 % [41, 49]; "
        "open: 0.7; open for training in general: 0.5, 0.7."
    )


def test_up_to_stops_at_the_first_rate_that_is_not_kept() -> None:
    found = answered(
        {0.1: KEPT, 0.2: OPEN, 0.3: KEPT, 0.9: LOST}, {0.1: KEPT, 0.2: OPEN, 0.3: KEPT, 0.9: LOST}
    )
    assert (
        "up to 0.1 of the Linear weights go at no loss of MAP above 2 %, for these checkpoints and" in found
    )
    assert found.endswith("at 0.9 it loses 45 % [40, 50]; open: 0.2.")


@pytest.mark.parametrize(
    ("at_05", "words"),
    [
        (KEPT, "; nothing broke up to 0.5, the highest tried: try 0.7 and 0.8 next."),
        (OPEN, "; open: 0.5; nothing surely broke up to 0.5, the highest tried: try 0.7 and 0.8 next."),
    ],
)
def test_where_nothing_broke_it_says_what_to_try_next(at_05: tuple[float, float], words: str) -> None:
    same = {0.2: KEPT, 0.5: at_05}
    assert answered(same, same).endswith(words)
    assert "it loses" not in answered(same, same)


def test_a_loss_at_the_lowest_rate_cannot_be_excluded() -> None:
    found = answered({0.5: OPEN, 0.9: LOST}, {0.5: OPEN, 0.9: LOST}, criterion="ffn")
    assert (
        "at the lowest rate tried, 0.5 of the feed-forward units, a loss of MAP above 2 % cannot be" in found
    )


def test_one_seed_answers_for_its_checkpoints_only() -> None:
    nothing = (float("nan"), float("nan"))
    found = answered({0.5: KEPT, 0.9: LOST}, {0.5: nothing, 0.9: nothing}, seeds=1)
    assert (
        "for these checkpoints (for training in general one seed cannot tell); at 0.9 it loses 45 %" in found
    )
    assert "open" not in found


def test_equivalence_keeps_a_rate_too() -> None:
    frame = rows({0.5: OPEN}, {0.5: OPEN}).assign(equivalence_p=0.04)
    assert "up to 0.5" in answer_sentence(frame, 0.02, 0.05)


def test_a_section_has_one_bullet_a_criterion_and_nothing_is_concluded_from_a_random_model() -> None:
    values = pd.concat([study(), study(criterion="wanda").query("criterion.notna()")])
    pruned = values.query("arm == 'recovered'").assign(arm="pruned")
    text = answer_bullets(judged(values), pd.concat([values, pruned]), 0.04, 0.95)
    assert text.startswith("- **dsi, magnitude**: ") and "\n- **dsi, wanda**: " in text
    assert "\n- **Recovery, dsi, wanda**: " in text
    assert text.count("- **The claim** that the pruned model beats the dense one at rates 0.2 and 0.3") == 2
    assert max(map(len, text.splitlines())) <= 105
    low = study(level=0.02)
    assert not gates(low, 0.95)["dsi"].passed
    assert "nothing can be concluded" in answer_bullets(judged(low), low, 0.04, 0.95)
    assert answer_bullets(judged(study()).head(0), study(), 0.04, 0.95) == ""


def test_of_several_rates_that_are_lost_it_names_the_lowest_and_the_highest() -> None:
    same = {0.5: KEPT, 0.7: (-0.05, -0.02), 0.8: (-0.1, -0.05), 0.9: LOST}
    assert "; at 0.7 it loses 7 % [4, 10], at 0.9 45 % [40, 50]." in answered(same, same)
