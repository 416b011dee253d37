"""The claim that the pruned model beats the dense one at rates 0.2 and 0.3.

Differences are crossed like those of the verdicts: every query is asked of every seed's models. Four of
them judge the claim against one control, both measures at both rates, and the claim names all four: it
holds if each is a gain by itself (an intersection-union test, dsi.evaluation.claims), and does not if the
interval of one, corrected for four looks, excludes a gain.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation.claims import Look
from dsi.evaluation.estimates import DIFFERENCES, Array
from dsi.evaluation.published_measures import DIGITS
from dsi.evaluation.significance import Question, compare
from dsi.report.claim_words import claim_sentence
from dsi.report.markdown import ABSENT, brief_percent, bullet, paragraph, pipe_table
from dsi.report.reproduction.frame import systems_of
from dsi.report.reproduction.histories import dense_rows
from dsi.report.reproduction.per_query import MEASURES, paired_rows
from dsi.report.reproduction.published import CLAIMED_RATES, PublishedRow
from dsi.systems import ARMS, JUDGING_CONTROLS, spell_rate

# Against one control the claim is about so many differences: both measures at each claimed rate.
CLAIMED = len(MEASURES) * len(CLAIMED_RATES)
QUESTION_WORDS = {
    Question.CHECKPOINTS: "for these checkpoints",
    Question.TRAINING: "for training in general",
}


class Comparison(NamedTuple):
    """A recovered row minus a control by one measure: the published difference, and ours.

    published is None where the study has no such row; values, of_control: (S, Q); lists: how many test
    queries, answered perfectly instead of with nothing, make up a difference of 1. confidence: of all
    intervals of one claim together.
    """

    rate: float
    control: str
    measure: str
    published: float | None
    values: Array
    of_control: Array
    lists: float
    confidence: float

    @property
    def differences(self) -> Array:
        """Recovered minus control, (S, Q)."""
        return self.values - self.of_control

    @property
    def mean(self) -> float:
        """Over seeds and queries. Published values have 5 digits: what lies far below is of arithmetic."""
        return round(float(self.differences.mean()), 2 * DIGITS)

    def look(self, question: Question) -> Look:
        """The answer to one question; its interval is corrected for the looks of a claim, its p is not.

        Where every list of every seed differs alike, nothing tells how lists vary: no answer.
        """
        name, nan = f"{spell_rate(self.rate)} by {_name(self.measure)}", math.nan
        of_control = float(self.of_control.mean())
        if np.ptp(self.differences) < 10 ** (-2 * DIGITS):
            return Look(name, self.mean, nan, nan, nan, of_control, nan)
        found = compare(self.differences, None, corrected(self.confidence), span=DIFFERENCES)[question]
        ends = (float(found.lower), float(found.upper), float(found.p))
        return Look(name, self.mean, *ends, of_control, nan)


def corrected(confidence: float) -> float:
    """Of each interval, so that all CLAIMED of them are right this often (Bonferroni)."""
    return 1 - (1 - confidence) / CLAIMED


def comparisons(
    rows: Sequence[PublishedRow], frame: pd.DataFrame, values: pd.DataFrame, confidence: float
) -> list[Comparison]:
    """Every recovered row against the dense row of its model and K, and against its own controls.

    Args:
        frame: what `reproduction_frame` returns.
        values: what `published_values` returns, of the same systems.
        confidence: of all intervals of one claim together.
    """
    found: list[Comparison] = []
    for row in rows:
        if row.arm != "recovered" or row.rate is None:
            continue
        dense = dense_row(rows, row)
        controls = [(_dense_name(dense), dense)] if dense else []
        for arm in JUDGING_CONTROLS:
            nothing: dict[str, float | None] = dict.fromkeys(row.values)
            unpruned = row._replace(arm=arm, criterion=None, rate=None, values=nothing)
            controls.append((ARMS[arm].name, unpruned))
        for name, control in controls:
            found += _compared(row, name, control, frame, values, confidence)
    return found


def dense_row(rows: Sequence[PublishedRow], pruned: PublishedRow) -> PublishedRow | None:
    """The dense row that a pruned one is claimed to beat: of its model and K, the best, else the last."""
    same = [row for row in rows if row.arm == "dense" and (row.name, row.k) == (pruned.name, pruned.k)]
    best = [row for row in same if row.best]
    chosen = best or same
    return chosen[-1] if chosen else None


def pruning_claim(
    rows: Sequence[PublishedRow], frame: pd.DataFrame, values: pd.DataFrame, confidence: float
) -> str:
    """Differences at every rate, what they amount to, and what the claimed rates say.

    Args:
        frame, values, confidence: as of `comparisons`.
    """
    compared = comparisons(rows, frame, values, confidence)
    if not compared:
        return "Not run: no recovered row of the study was trained here together with a control."
    words = (
        "Recovered minus control on the test queries, by the measures as published. *In lists*: the number "
        "of test queries which, answered perfectly instead of with nothing, would make up the difference. "
        f"The interval is that of {brief_percent(corrected(confidence))} for training in general, seeds and "
        "queries both being samples (two-way analysis of variance, as in section Verdict): the "
        f"{CLAIMED} that judge the claim against one control hold with {brief_percent(confidence)} together "
        "(Bonferroni). One run per row has none. The claim names both measures at both rates: it holds if "
        f"each of the {CLAIMED} is a gain by itself, and does not if one interval excludes a gain. "
        f"{ARMS['restart'].name} is the control of the same training, unpruned."
    )
    parts = [paragraph(words)]
    for baseline in dict.fromkeys(row.baseline for row in rows if row.arm == "recovered"):
        of_baseline = [row for row in rows if row.baseline == baseline and row.arm == "recovered"]
        chosen = comparisons([*dense_rows(rows), *of_baseline], frame, values, confidence)
        if chosen:
            parts += [f"**{of_baseline[0].name}, K {of_baseline[0].k}**", _resolution(chosen)]
            parts += [_comparison_table(chosen, measure) for measure in MEASURES]
            parts += [_published_words(chosen)] if any(item.published is not None for item in chosen) else []
            parts += [
                claim_words([item for item in chosen if item.control == control], control)
                for control in dict.fromkeys(item.control for item in chosen)
            ]
    return "\n\n".join(parts)


def claim_words(compared: Sequence[Comparison], control: str) -> str:
    """Against one control: the claim by both questions, and how the other rates compare."""
    claimed = [item for item in compared if item.rate in CLAIMED_RATES]
    start = f"**Here, against {control}, rates {' and '.join(map(spell_rate, CLAIMED_RATES))}**:"
    if {item.rate for item in claimed} != set(CLAIMED_RATES):
        return f"{start} not tested, not both were run."
    upward = sum(item.mean > 0 for item in claimed)
    others = [item for item in compared if item.rate not in CLAIMED_RATES]
    above = sum(item.mean > 0 for item in others)
    rest = f"; of those at the other rates, {above} of {len(others)} do" if others else ""
    counted = paragraph(f"{start} {upward} of the {len(claimed)} differences lie above 0{rest}.")
    return "\n".join([counted, *(bullet(_claim_answer(claimed, question)) for question in Question)])


def _claim_answer(claimed: Sequence[Comparison], question: Question) -> str:
    """The claim by one question."""
    looks = [item.look(question) for item in claimed]
    seeds, words = min(len(item.values) for item in claimed), QUESTION_WORDS[question]
    if all(math.isnan(look.upper) for look in looks):
        why = "one run per row has no interval" if seeds == 1 else "no list differs from the others"
        return f"{words}, the claim cannot be judged: {why}."
    counted = "1 seed" if seeds == 1 else f"{seeds} seeds"
    return f"{words}, by {counted}, the claim {claim_sentence(looks, 1 - claimed[0].confidence)}"


def _dense_name(row: PublishedRow) -> str:
    return f"dense, {row.epochs} epochs"


def _compared(
    row: PublishedRow,
    name: str,
    control: PublishedRow,
    frame: pd.DataFrame,
    values: pd.DataFrame,
    confidence: float,
) -> Iterator[Comparison]:
    """By each measure, paired by seed and query."""
    ours = systems_of(frame, row)
    if ours.empty or row.rate is None:
        return
    queries = float(ours["queries"].iloc[0])
    ceilings = {"MAP": 1.0, "R@1000": float(ours["R@1000-ceiling"].iloc[0])}
    for measure in MEASURES:
        pair = paired_rows(values, row, control, measure)
        if pair is None:
            return
        yield Comparison(
            row.rate,
            name,
            measure,
            _difference(row.values[measure], control.values[measure]),
            *pair,
            queries / ceilings[measure] if ceilings[measure] else math.nan,
            confidence,
        )


def _difference(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else round(first - second, DIGITS)


def _comparison_table(compared: Sequence[Comparison], measure: str) -> str:
    name = _name(measure)
    header = ["rate", "against", f"{name}: study", "in lists", f"{name}: here", "in lists", "interval"]
    lines = []
    for item in compared:
        if item.measure != measure:
            continue
        study = [ABSENT, ABSENT]
        if item.published is not None:
            study = [f"{item.published:+.5f}", f"{item.published * item.lists:+.1f}"]
        look = item.look(Question.TRAINING)
        lower, upper = look.lower, look.upper
        interval = ABSENT if math.isnan(lower) else f"{lower:+.5f} to {upper:+.5f}"
        here = [f"{item.mean:+.5f}", f"{item.mean * item.lists:+.1f}"]
        lines.append([spell_rate(item.rate), item.control, *study, *here, interval])
    return pipe_table(header, lines)


def _resolution(compared: Sequence[Comparison]) -> str:
    """What the last published digit amounts to."""
    lists = {item.measure: item.lists * 10**-DIGITS for item in compared}
    return paragraph(
        f"Values have {DIGITS} digits: the last one is {lists['MAP']:.2g} lists for MAP and "
        f"{lists['R@1000']:.2g} for Recall@1000, whose ceiling is {lists['MAP'] / lists['R@1000']:.4f}."
    )


def _published_words(compared: Sequence[Comparison]) -> str:
    """What the study's own tables say at the rates that it claims."""
    claimed = [item for item in compared if item.published is not None and item.rate in CLAIMED_RATES]
    others = [item for item in compared if item.published is not None and item.rate not in CLAIMED_RATES]
    texts = []
    for measure in MEASURES:
        above, of_others = (
            [item for item in items if item.measure == measure and (item.published or 0) > 0]
            for items in (claimed, others)
        )
        most = max((item.lists * (item.published or 0) for item in above), default=0)
        texts.append(
            f"{_name(measure)} is above the dense row's at {len(above)} of the claimed rates"
            + (f", by {most:.1f} lists at most," if above else "")
            + f" and at {len(of_others)} of the other {len(others) // len(MEASURES)}"
        )
    return paragraph(f"**The study's own tables**, without intervals: {'; '.join(texts)}.")


def _name(measure: str) -> str:
    return {"R@1000": "Recall@1000"}.get(measure, measure)
