"""The first lines of tables.md: how far each model can be pruned, whether recovery brings it back, and
whether the published study's claim holds, in one sentence each for every criterion.

"Up to" goes up from the lowest rate and stops at the first that is not kept (`kept_rates`). Tests in a
fixed order that stop at the first failure need no correction: the rate is too high in at most
1 - confidence of studies.
"""

from collections.abc import Sequence

import pandas as pd

from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import Verdict, VerdictRow, verdict_rows
from dsi.report.markdown import brief_percent, bullet, paragraph
from dsi.report.sections.kept_rates import kept, loss_words, lost, up_to
from dsi.report.sections.recovery_answer import recovery_sentence, unrecovered_losses
from dsi.report.sections.verdict import brief_claim
from dsi.report.sections.verdict_tables import FEW_SEEDS
from dsi.systems import JUDGING_CONTROLS, spell_rate

OF_WHAT = {
    "ffn": "of the feed-forward units",
    "magnitude-encoder": "of the encoder's Linear weights",
    "magnitude-decoder": "of the decoder's Linear weights",
    "magnitude-cross": "of the decoder's cross-attention weights",
}
OF_WEIGHTS = "of the Linear weights"
HIGHER = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)  # to try where nothing broke
SMALL_PRINT = (
    "Recovered models against the same training without pruning (restart), MAP on the test queries; in "
    "brackets the {confidence} interval. *These checkpoints* are the models trained here, on other queries; "
    "*training in general* is other seeds, too. Which error the words keep: section Verdict."
)


def answer_bullets(frame: pd.DataFrame, values: pd.DataFrame, margin: float, confidence: float) -> str:
    """How far, recovery, claim: one bullet each for a baseline and criterion; empty without verdicts.

    Args:
        frame: what `verdicts` returns, of MAP.
        values: what `verdicts` was given.
        margin, confidence: as given to `verdicts`.
    """
    decisive, level = frame[frame["control"] == JUDGING_CONTROLS[0]], 1 - confidence
    judged = [rows for _, rows in decisive.groupby(["baseline", "criterion"], sort=False)]
    how_far = [answer_sentence(rows, margin, level) for rows in judged]
    recovered = [_recovery(rows, values, margin, level) for rows in judged]
    claims = dict.fromkeys(brief_claim(rows, level) for rows in judged)
    return "\n".join(bullet(sentence) for sentence in (*how_far, *recovered, *claims) if sentence)


def small_print(confidence: float) -> str:
    """What the bullets are about."""
    return paragraph(SMALL_PRINT.format(confidence=brief_percent(confidence)))


def _recovery(rows: pd.DataFrame, values: pd.DataFrame, margin: float, level: float) -> str:
    of_these = [row for row in verdict_rows(rows) if row.question == Question.CHECKPOINTS]
    before = unrecovered_losses(values, of_these[0].baseline, of_these[0].criterion)
    return recovery_sentence(sorted(of_these, key=lambda row: row.rate), before, margin, level)


def answer_sentence(rows: pd.DataFrame, margin: float, level: float) -> str:
    """How far one criterion goes on one baseline, with its uncertainty.

    Args:
        rows: of `verdicts`, against the control that decides.
        margin: as a share of dense MAP, for the words.
        level: of the tests.
    """
    judged = verdict_rows(rows)
    first = judged[0]
    start = f"**{first.baseline}, {first.criterion}**: "
    if any(row.verdict == Verdict.NOTHING for row in judged):
        return f"{start}nothing can be concluded, dense is not surely better than a random ranking."
    checkpoints, training = (
        sorted((row for row in judged if row.question == question), key=lambda row: row.rate)
        for question in Question
    )
    parts = [_kept_words(checkpoints, training, margin, level)]
    parts += _lost_words(checkpoints, training)
    parts += _open_words(checkpoints, training, level)
    parts += _next_words(checkpoints[-1], level)
    return start + "; ".join(parts) + "."


def _kept_words(
    checkpoints: Sequence[VerdictRow], training: Sequence[VerdictRow], margin: float, level: float
) -> str:
    """`up to 0.5 of the Linear weights go at no loss above 2 %, for training in general up to 0.3`."""
    loss = f"loss of MAP above {brief_percent(margin)}"
    of_what = OF_WHAT.get(checkpoints[0].criterion, OF_WEIGHTS)
    reached, in_general = (up_to(rows, level) for rows in (checkpoints, training))
    few = FEW_SEEDS.get(training[0].seeds)
    if reached is None:
        lowest = spell_rate(checkpoints[0].rate)
        words = f"at the lowest rate tried, {lowest} {of_what}, a {loss} cannot be excluded"
        return words if in_general is None else f"{words} for these checkpoints"
    words = f"pruned and recovered, up to {spell_rate(reached)} {of_what} go at no {loss}"
    if in_general == reached:
        return f"{words}, for these checkpoints and training in general"
    if in_general is not None:
        return f"{words} for these checkpoints, up to {spell_rate(in_general)} for training in general"
    why = f"{few} cannot tell" if few else "none is shown"
    return f"{words} for these checkpoints (for training in general {why})"


def _lost_words(checkpoints: Sequence[VerdictRow], training: Sequence[VerdictRow]) -> list[str]:
    """`at 0.7 it loses 7 % [4, 10], at 0.9 45 % [41, 49]`: the lowest rate that is lost, and the highest."""
    shown = [
        of_training if lost(of_training) else row
        for row, of_training in zip(checkpoints, training, strict=True)
        if lost(row)
    ]
    ends = list(dict.fromkeys(shown[:1] + shown[-1:]))
    if not ends:
        return []
    words = [
        f"at {spell_rate(row.rate)} {'it loses ' * (not place)}{loss_words(row)}"
        for place, row in enumerate(ends)
    ]
    return [", ".join(words)]


def _open_words(checkpoints: Sequence[VerdictRow], training: Sequence[VerdictRow], level: float) -> list[str]:
    """The rates of which neither can be said, by question; nothing where all are settled."""
    of_these, of_training = (_opened(rows, level) for rows in (checkpoints, training))
    several = training[0].seeds > 1
    parts = [f"open: {', '.join(of_these)}"] if of_these else []
    if several and of_training and of_training != of_these:
        parts.append(f"open for training in general: {', '.join(of_training)}")
    return parts


def _next_words(highest: VerdictRow, level: float) -> list[str]:
    """What to try where the highest rate did not break."""
    if lost(highest):
        return []
    further = [spell_rate(rate) for rate in HIGHER if rate > highest.rate][:2]
    found = "nothing broke up to" if kept(highest, level) else "nothing surely broke up to"
    if not further:
        return [f"{found} {spell_rate(highest.rate)}, the highest tried"]
    return [f"{found} {spell_rate(highest.rate)}, the highest tried: try {' and '.join(further)} next"]


def _opened(rows: Sequence[VerdictRow], level: float) -> list[str]:
    return [spell_rate(row.rate) for row in rows if not kept(row, level) and not lost(row)]
