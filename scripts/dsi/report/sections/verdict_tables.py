"""The tables of the verdict section: what each difference proves, and what stands beside it."""

import math
from collections.abc import Sequence

import pandas as pd

from dsi.evaluation.power import MOST_SEEDS
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import Verdict, VerdictRow, verdict_rows
from dsi.report.markdown import ABSENT, paragraph, pipe_table
from dsi.systems import ARMS, spell_rate

# With as many, most studies find a loss of 5 % of MAP in training in general: docs/method/verdict.md.
ENOUGH_SEEDS = 5
FEW_SEEDS = {1: "one seed", 2: "two seeds"}
SURE = (Verdict.BETTER, Verdict.WORSE)


def control_table(rows: pd.DataFrame, level: float, measure: str = "MAP", unit: str = "") -> str:
    """Against one control, two rows a rate: difference, interval, p and verdict by each question.

    Args:
        rows: those of one baseline, criterion and control in `verdicts`.
        unit: of the measure, with a space before it; none for a share.
    """
    judged = verdict_rows(rows)
    header = ["rate", "question", "difference", "interval", "p", "verdict"]
    cells = [
        [
            spell_rate(row.rate),
            row.question,
            difference_words(row),
            interval_words(row),
            _p_value(row.p_all),
            verdict_words(row, level),
        ]
        for rate in sorted({row.rate for row in judged})
        for question in Question
        for row in judged
        if (row.rate, row.question) == (rate, question)
    ]
    first = judged[0]
    seeds = "1 seed" if first.seeds == 1 else f"{first.seeds} seeds"
    values = sorted({row.control_value for row in judged})
    of_control = " to ".join(f"{value:.4f}" for value in {values[0]: None, values[-1]: None})
    margin = "" if math.isnan(first.margin) else f"; margin {first.margin:.4f}"
    words = (
        f"Recovered minus {ARMS[first.control].name} ({measure} {of_control}{unit}); {seeds}, "
        f"{first.queries:,} test queries{margin}; p over {first.tests} tests:"
    )
    return f"{paragraph(words)}\n\n{pipe_table(header, cells)}"


def beside_table(rows: pd.DataFrame) -> str:
    """Against one control, one row a rate: d_z, P(win) by both questions, and where variance comes from."""
    by_question = [[row for row in verdict_rows(rows) if row.question == question] for question in Question]
    header = ["rate", "d_z", *(f"P(win): {question}" for question in Question)]
    header += ["sd: seeds", "queries", "rest"]
    cells = [
        [
            spell_rate(one.rate),
            ABSENT if math.isnan(one.effect_size) else f"{one.effect_size:+.2f}",
            _win(one),
            _win(other),
            *(_deviation(x) for x in (one.variance_seeds, one.variance_queries, one.variance_rest)),
        ]
        for one, other in zip(*by_question, strict=True)
    ]
    return pipe_table(header, cells)


def needed_words(rows: pd.DataFrame) -> str:
    """What would find the margin in the open rows about training; empty where there are none."""
    opened = [
        row
        for row in verdict_rows(rows)
        if row.question == Question.TRAINING and row.verdict == Verdict.OPEN and row.margin > 0
    ]
    if not opened:
        return ""
    if opened[0].seeds in FEW_SEEDS:
        do = "does" if opened[0].seeds == 1 else "do"
        return paragraph(
            f"To find the margin: {ENOUGH_SEEDS} seeds or more; {FEW_SEEDS[opened[0].seeds]} {do} not say "
            "how many."
        )
    parts = "; ".join(f"at {spell_rate(row.rate)} {_counts(row)}" for row in opened)
    return paragraph(f"To find the margin: {parts}.")


def verdict_words(row: VerdictRow, level: float) -> str:
    """The verdict; where only the rates of this criterion were corrected for, with `alone`."""
    alone = row.verdict_alone in SURE and row.verdict not in SURE
    verdict = f"{row.verdict_alone} alone" if alone else row.verdict
    if row.question == Question.TRAINING and verdict == Verdict.OPEN and row.seeds in FEW_SEEDS:
        return f"{FEW_SEEDS[row.seeds]} cannot tell"
    small = row.verdict_alone in SURE and row.equivalence_p <= level
    return f"{verdict}, within the margin" if small else verdict


def difference_words(row: VerdictRow) -> str:
    """`-0.0031 (-0.5 %)`; without the share where the control finds nothing."""
    share = "" if math.isnan(row.share_of_control) else f" ({100 * row.share_of_control:+.1f} %)"
    return f"{row.difference:+.4f}{share}"


def interval_words(row: VerdictRow) -> str:
    return ABSENT if math.isnan(row.lower) else f"{row.lower:+.4f} to {row.upper:+.4f}"


def tables_of(rows: pd.DataFrame, level: float) -> Sequence[str]:
    """All that stands under one criterion, control by control."""
    parts = []
    for _, group in rows.groupby("control", sort=False):
        parts += [control_table(group, level), beside_table(group), needed_words(group)]
    return [part for part in parts if part]


def _counts(row: VerdictRow) -> str:
    """With how many seeds or queries an open question would show a difference of the margin."""
    seeds, queries = row.needed_seeds, row.needed_queries
    if seeds is not None and seeds <= row.seeds:
        return "more than here, though as many do in 4 of 5 studies"
    of_seeds = f"more than {MOST_SEEDS} seeds" if seeds is None else f"{seeds} seeds"
    if queries is None:
        return f"{of_seeds} (no number of queries with these seeds)"
    return f"{of_seeds} or {queries:,} queries"


def _win(row: VerdictRow) -> str:
    interval = "" if math.isnan(row.win_lower) else f" [{row.win_lower:.2f}, {row.win_upper:.2f}]"
    return f"{row.win:.2f}{interval}"


def _deviation(variance: float) -> str:
    return ABSENT if math.isnan(variance) else f"{math.sqrt(variance):.4f}"


def _p_value(p: float) -> str:
    if math.isnan(p):
        return ABSENT
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
