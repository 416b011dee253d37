"""The first lines of tables.md: how far each model can be pruned, in one sentence a criterion.

A rate is *kept* if a loss above the margin is excluded, *lost* if a loss of the margin or less is; else
it is open. "Up to" goes up from the lowest rate and stops at the first that is not kept. Tests in a fixed
order that stop at the first failure need no correction: the rate is too high in at most 1 - confidence of
studies.
"""

import math
from collections.abc import Sequence

import pandas as pd

from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import Verdict, VerdictRow, verdict_rows
from dsi.report.markdown import brief_percent, bullet, paragraph
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


def answer_section(frame: pd.DataFrame, margin: float, confidence: float) -> str:
    """One bullet a baseline and criterion, then what the words are about; empty without verdicts.

    Args:
        frame: what `verdicts` returns, of MAP.
        margin, confidence: as given to `verdicts`.
    """
    decisive = frame[frame["control"] == JUDGING_CONTROLS[0]]
    if decisive.empty:
        return ""
    sentences = [
        answer_sentence(rows, margin, 1 - confidence)
        for _, rows in decisive.groupby(["baseline", "criterion"], sort=False)
    ]
    bullets = "\n".join(map(bullet, sentences))
    return f"{bullets}\n\n{paragraph(SMALL_PRINT.format(confidence=brief_percent(confidence)))}\n"


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
    kept, in_general = (_up_to(rows, level) for rows in (checkpoints, training))
    few = FEW_SEEDS.get(training[0].seeds)
    if kept is None:
        lowest = spell_rate(checkpoints[0].rate)
        words = f"at the lowest rate tried, {lowest} {of_what}, a {loss} cannot be excluded"
        return words if in_general is None else f"{words} for these checkpoints"
    words = f"pruned and recovered, up to {spell_rate(kept)} {of_what} go at no {loss}"
    if in_general == kept:
        return f"{words}, for these checkpoints and training in general"
    if in_general is not None:
        return f"{words} for these checkpoints, up to {spell_rate(in_general)} for training in general"
    why = f"{few} cannot tell" if few else "none is shown"
    return f"{words} for these checkpoints (for training in general {why})"


def _lost_words(checkpoints: Sequence[VerdictRow], training: Sequence[VerdictRow]) -> list[str]:
    """`at 0.7 it loses 7 % [4, 10], at 0.9 45 % [41, 49]`: the lowest rate that is lost, and the highest."""
    shown = [
        of_training if _lost(of_training) else row
        for row, of_training in zip(checkpoints, training, strict=True)
        if _lost(row)
    ]
    ends = list(dict.fromkeys(shown[:1] + shown[-1:]))
    if not ends:
        return []
    words = [
        f"at {spell_rate(row.rate)} {'it loses ' * (not place)}{_loss(row)}" for place, row in enumerate(ends)
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
    if _lost(highest):
        return []
    further = [spell_rate(rate) for rate in HIGHER if rate > highest.rate][:2]
    found = "nothing broke up to" if _kept(highest, level) else "nothing surely broke up to"
    if not further:
        return [f"{found} {spell_rate(highest.rate)}, the highest tried"]
    return [f"{found} {spell_rate(highest.rate)}, the highest tried: try {' and '.join(further)} next"]


def _up_to(rows: Sequence[VerdictRow], level: float) -> float | None:
    """The highest rate such that it and all below are kept."""
    reached = None
    for row in rows:
        if not _kept(row, level):
            return reached
        reached = row.rate
    return reached


def _opened(rows: Sequence[VerdictRow], level: float) -> list[str]:
    return [spell_rate(row.rate) for row in rows if not _kept(row, level) and not _lost(row)]


def _kept(row: VerdictRow, level: float) -> bool:
    """A loss above the margin is excluded, by the interval or the test of equivalence; NaN excludes none."""
    return row.lower > -row.margin or row.equivalence_p <= level


def _lost(row: VerdictRow) -> bool:
    return row.upper < -row.margin


def _loss(row: VerdictRow) -> str:
    """`45 % [41, 49]` of the control."""
    if not row.control_value or math.isnan(row.share_of_control):
        return f"{-row.difference:.4f}"
    ends = (min(100 * -end / row.control_value, 100.0) for end in (row.upper, row.lower))
    low, high = (f"{end:.0f}" for end in ends)
    return f"{-100 * row.share_of_control:.0f} % [{low}, {high}]"
