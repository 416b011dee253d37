"""The study's main tables as papers have them: with marks of significance, the better number in bold.

Bold is the better one of two means, only where their difference is decided: by the interval, and of pruned
models by the verdict, which is corrected for the number of tests. Nothing is bold by its last digit.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from dsi.evaluation.measures import MEASURES
from dsi.evaluation.reference_differences import ReferenceDifference
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import Verdict, VerdictRow, verdict_rows
from dsi.report.latex import LatexTable, bold
from dsi.report.markdown import ABSENT, brief_percent, percent, plus_minus
from dsi.report.results import Sparsity
from dsi.report.summary import Group, Spreads, mean_zeros
from dsi.systems import ARMS, JUDGING_CONTROLS, spell_rate

SIGNIFICANT, EQUIVALENT = "*", "="


def reference_tables(references: pd.DataFrame, confidence: float) -> Iterator[LatexTable]:
    """Dense against each reference, a table a baseline and measure.

    Args:
        references: as in dsi.evaluation.reference_differences.
        confidence: of its intervals.
    """
    rows = [ReferenceDifference(*row) for row in references.itertuples(index=False, name=None)]
    for baseline, measure in dict.fromkeys((row.baseline, row.measure) for row in rows):
        cells = []
        for row in rows:
            if (row.baseline, row.measure) != (baseline, measure):
                continue
            decided = row.lower > 0 or row.upper < 0
            dense, value = pair_of_means(row.dense, row.value, row.difference if decided else 0.0)
            difference = f"{row.difference:+.4f}{SIGNIFICANT if decided else ''}"
            interval = _interval(row.lower, row.upper)
            cells.append([ARMS[row.reference].name, dense, value, difference, interval])
        yield LatexTable(
            f"references-{baseline}-{_slug(measure)}",
            f"{baseline}, dense E1, minus each reference: {measure} on the test queries with "
            f"{brief_percent(confidence)} intervals. {SIGNIFICANT}: the interval excludes 0; only there is "
            "the better of the two bold.",
            ["reference", "dense", "reference's", "difference", "interval"],
            cells,
        )


def rate_tables(
    verdicts: pd.DataFrame, sparsity: pd.DataFrame, values: Spreads, confidence: float
) -> Iterator[LatexTable]:
    """Rate by rate what pruning costs and what recovery brings back, a table a baseline and criterion.

    Args:
        verdicts: on MAP, as in dsi.evaluation.verdicts.
        values: what dsi.report.summary.spreads gives of means.
    """
    of_control = [row for row in verdict_rows(verdicts) if row.control == JUDGING_CONTROLS[0]]
    for baseline, criterion in dict.fromkeys((row.baseline, row.criterion) for row in of_control):
        rows = [row for row in of_control if (row.baseline, row.criterion) == (baseline, criterion)]
        asked = Question.TRAINING if rows[0].seeds > 1 else Question.CHECKPOINTS
        rows = [row for row in rows if row.question == asked]
        zeros = mean_zeros(sparsity, baseline, criterion)
        yield LatexTable(
            f"rates-{baseline}-{criterion}",
            f"{baseline} pruned by {criterion}: MAP on {rows[0].queries:,} test queries, mean and standard "
            f"deviation over {rows[0].seeds} seeds, and recovered minus {ARMS[rows[0].control].name} "
            f"with {brief_percent(confidence)} intervals for {_asked_words(asked)}. {_legend(rows)}",
            ["rate", "zeros", "pruned", "recovered", "difference", "interval"],
            [_rate_cells(row, zeros, values) for row in rows],
        )


def verdict_tables(verdicts: pd.DataFrame, measure: str, confidence: float) -> Iterator[LatexTable]:
    """Every verdict: a table a baseline, criterion, control and question."""
    rows = verdict_rows(verdicts)
    keys = dict.fromkeys((row.baseline, row.criterion, row.control, row.question) for row in rows)
    for key in keys:
        of_key = [row for row in rows if (row.baseline, row.criterion, row.control, row.question) == key]
        baseline, criterion, control, question = key
        if all(math.isnan(row.lower) for row in of_key):
            continue  # one seed says nothing about training
        yield LatexTable(
            f"verdicts-{_slug(measure)}-{baseline}-{criterion}-{control}-{question}",
            f"{baseline} pruned by {criterion} and recovered, minus {ARMS[control].name}: {measure} on "
            f"{of_key[0].queries:,} test queries, {of_key[0].seeds} seeds, {brief_percent(confidence)} "
            f"intervals for {_asked_words(Question(question))}. {_legend(of_key)}",
            ["rate", "recovered", ARMS[control].name, "difference", "interval", "p"],
            [_verdict_cells(row, measure) for row in of_key],
        )


def pair_of_means(ours: float, theirs: float, gain: float) -> tuple[str, str]:
    """Both means; the better one bold, ours where the gain is above 0, neither where it is 0."""
    one, other = f"{ours:.4f}", f"{theirs:.4f}"
    return (bold(one) if gain > 0 else one), (bold(other) if gain < 0 else other)


def _rate_cells(row: VerdictRow, zeros: Mapping[float, Sparsity], values: Spreads) -> list[str]:
    pruned, recovered = (
        plus_minus(values.get((Group(row.baseline, arm, row.criterion, row.rate), "MAP")))
        for arm in ("pruned", "recovered")
    )
    share = zeros.get(row.rate)
    return [
        spell_rate(row.rate),
        ABSENT if share is None else percent(share.model),
        pruned,
        bold(recovered) if row.verdict == Verdict.BETTER else recovered,
        f"{row.difference:+.4f}{_mark(row)}",
        _interval(row.lower, row.upper),
    ]


def _verdict_cells(row: VerdictRow, measure: str) -> list[str]:
    decided = row.verdict in (Verdict.BETTER, Verdict.WORSE)
    gain = row.difference * (-1 if MEASURES[measure].better == "lower" else 1)
    value, control = pair_of_means(row.value, row.control_value, gain if decided else 0.0)
    difference = f"{row.difference:+.4f}{_mark(row)}"
    interval = _interval(row.lower, row.upper)
    return [spell_rate(row.rate), value, control, difference, interval, _p_value(row.p_all)]


def _mark(row: VerdictRow) -> str:
    if row.verdict in (Verdict.BETTER, Verdict.WORSE):
        return SIGNIFICANT
    return EQUIVALENT if row.verdict == Verdict.EQUIVALENT else ""


def _legend(rows: Sequence[VerdictRow]) -> str:
    if any(row.verdict == Verdict.NOTHING for row in rows):
        return f"No difference is marked: {Verdict.NOTHING} with a dense model as weak as this one."
    margin = rows[0].margin
    equivalent = "" if math.isnan(margin) else f" {EQUIVALENT}: equivalent, surely within {margin:.4f}."
    return (
        f"{SIGNIFICANT}: better or worse, p corrected over {rows[0].tests} tests; only there is the better "
        f"of the two bold.{equivalent} No mark: not enough evidence."
    )


def _asked_words(question: Question) -> str:
    return "training in general" if question == Question.TRAINING else "these checkpoints"


def _interval(lower: float, upper: float) -> str:
    return ABSENT if math.isnan(lower) else f"[{lower:+.4f}, {upper:+.4f}]"


def _p_value(p: float) -> str:
    if math.isnan(p):
        return ABSENT
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _slug(measure: str) -> str:
    return measure.lower().replace("@", "-at-")


def paper_tables(
    verdicts: Mapping[str, pd.DataFrame],
    references: pd.DataFrame,
    sparsity: pd.DataFrame,
    values: Spreads,
    confidence: float,
) -> list[LatexTable]:
    """All of them.

    Args:
        verdicts: by measure.
    """
    return [
        *reference_tables(references, confidence),
        *rate_tables(verdicts["MAP"], sparsity, values, confidence),
        *(table for measure, rows in verdicts.items() for table in verdict_tables(rows, measure, confidence)),
    ]
