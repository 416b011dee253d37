"""Whether recovery brings back what pruning takes."""

import pandas as pd
import pytest

from dsi.evaluation.verdicts import COLUMNS, Verdict, VerdictRow
from dsi.report.sections.recovery_answer import recovery_sentence, unrecovered_losses


def row(rate: float, lower: float, upper: float, **fields: object) -> VerdictRow:
    """Against a control of 0.5 with a margin of 0.01."""
    middle = (lower + upper) / 2
    values = {"baseline": "dsi", "criterion": "magnitude", "rate": rate, "lower": lower, "upper": upper}
    values |= {
        "margin": 0.01,
        "equivalence_p": 1.0,
        "verdict": Verdict.OPEN,
        "share_of_control": middle / 0.5,
    }
    return VerdictRow(**{**dict.fromkeys(COLUMNS), **values, **fields})  # type: ignore[arg-type]


KEPT, OPEN, LOST = row(0.5, -0.008, 0.02), row(0.7, -0.05, 0.03), row(0.9, -0.25, -0.15)


def said(*rows: VerdictRow, **before: float) -> str:
    losses = {0.5: 0.04, 0.7: 0.12, 0.9: 0.79} | {float(f"0.{key[1:]}"): loss for key, loss in before.items()}
    return recovery_sentence(rows, losses, 0.02, 0.05)


def test_the_highest_rate_that_is_kept_and_the_highest_tried_are_named() -> None:
    assert said(KEPT, OPEN, LOST) == (
        "**Recovery, dsi, magnitude**: at 0.5 it brings MAP back, pruning alone costs 4 % of it; with "
        "recovery a loss above 2 % is excluded; at 0.9 it brings back a part, 79 % of MAP lost without it, "
        "40 % with it."
    )


def test_a_loss_within_the_margin_needs_little_recovery() -> None:
    assert said(KEPT, r5=0.01) == (
        "**Recovery, dsi, magnitude**: at 0.5 there is little to bring back, pruning alone costs 1 % of MAP; "
        "with it a loss above 2 % is excluded."
    )


@pytest.mark.parametrize(
    ("rows", "before", "words"),
    [
        ((OPEN,), 0.12, "at 0.7 that is open, 12 % of MAP lost without it, 2 % with it."),
        ((LOST,), 0.3, "at 0.9 it brings back nothing, 30 % of MAP lost without it, 40 % with it."),
    ],
)
def test_what_is_open_or_not_brought_back(rows: tuple[VerdictRow, ...], before: float, words: str) -> None:
    assert said(*rows, r7=before, r9=before).endswith(f": {words}")


def test_nothing_is_said_of_models_that_were_never_without_recovery() -> None:
    assert recovery_sentence([KEPT], {}, 0.02, 0.05) == ""
    assert said(KEPT._replace(verdict=Verdict.NOTHING)) == ""


def test_the_loss_without_recovery_is_a_share_of_dense_map() -> None:
    rows = [("dsi", "dense", None, None, 0.6), ("dsi", "dense", None, None, 0.4)]
    rows += [("dsi", "pruned", "magnitude", 0.5, 0.45), ("dsi", "pruned", "magnitude", 0.9, 0.1)]
    rows += [("dsi", "pruned", "wanda", 0.9, 0.3), ("other", "dense", None, None, 0.0)]
    values = pd.DataFrame(rows, columns=["baseline", "arm", "criterion", "rate", "value"]).assign(
        split="test"
    )
    assert unrecovered_losses(values, "dsi", "magnitude") == pytest.approx({0.5: 0.1, 0.9: 0.8})
    assert unrecovered_losses(values, "dsi", "gradual") == {}
    assert unrecovered_losses(values, "other", "magnitude") == {}
