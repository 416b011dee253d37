"""The section of tables.md that says what the differences prove, in words."""

import math
from collections.abc import Collection, Mapping

import pandas as pd
from scipy.special import stdtrit

from dsi.evaluation.claims import Answer, Look, answer, answer_beyond_margin
from dsi.evaluation.gates import LEAST_QUERIES, Gate
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import Verdict, VerdictRow, verdict_rows
from dsi.report import claim_words
from dsi.report.markdown import brief_percent, bullet, paragraph, pipe_table
from dsi.report.reproduction.published import CLAIMED_RATES
from dsi.report.sections.verdict_tables import (
    FEW_SEEDS,
    control_table,
    interval_words,
    tables_of,
    verdict_words,
)
from dsi.systems import ARMS, JUDGING_CONTROLS, spell_rate

HEADING = "## Verdict\n\n*Does pruning change how good the retriever is, and how sure is that?*"
NOTHING_PRUNED = f"{HEADING}\n\nNothing was pruned in this study, so there is nothing to judge.\n"
QUESTION_WORDS = {
    Question.CHECKPOINTS: "For these checkpoints",
    Question.TRAINING: "For training in general",
}
LEGEND = """Two questions, with two answers:

- *these checkpoints*: are these trained models better than their controls, on other queries of this
  kind? Values are averaged over the seeds; the p-value is that of a paired randomisation test over the
  queries, the interval Student's t.
- *training in general*: would training this way again, from other seeds, be better? Seeds and queries
  are both samples; interval and p-value come from a two-way analysis of variance (Howe 1974). It is the
  stricter question, and the one that a claim about a method has to answer. One seed cannot answer it.

{columns}

The margin, the largest difference that is taken not to matter, is {margin} of the MAP of dense E1.
**Which error is kept**: against one control and by one question, the chance that any `better` or
`worse` of all criteria and rates is wrong is at most {level}. An `alone` is corrected for the rates of
its criterion only; how often some false one comes, see there. Each interval is for itself.
How the procedures were chosen, and how well they keep their promises: `docs/method/verdict.md`.
"""
NO_VERDICT = (
    f"**No verdict.** There are fewer than {LEAST_QUERIES} judged test queries: nobody can say how much "
    "queries differ,\nso no difference proves anything."
)
COLUMN_WORDS = (
    ("difference", "MAP of the recovered model minus the control's, by seed and query"),
    ("(…)", "the same as a share of the control's MAP"),
    ("interval", "holds the true difference in {confidence} of such studies"),
    ("p", "how often chance alone gives such a difference, corrected for all criteria"),
    ("", "and rates that share the control"),
    ("better, worse", "p is at most {level}"),
    ("better alone, …", "only with the correction for this criterion's rates (Holm)"),
    ("equivalent", "surely within the margin: two one-sided tests at {level}, each rate by"),
    ("", "itself; the {inner} interval, narrower than the one shown, lies within it"),
    ("not enough evidence", "none of these"),
    ("d_z", "Cohen's effect size over queries: mean / sd of the seeds' mean difference"),
    ("P(win)", "chance that the pruned model ranks better, for a query and seed drawn at"),
    ("", "random, a tie counting half, and its interval; it does not say by how much"),
    ("sd: seeds, …", "how much trainings, queries, and what is left make one difference vary"),
    ("to find the margin", "seeds (for these queries) or queries (for these seeds) with which 4 of 5"),
    ("", "studies find a difference of the margin if there is one, and show"),
    ("", "equivalence if there is none; a larger difference takes fewer"),
)


def verdict_section(
    frame: pd.DataFrame,
    passed: Mapping[str, Gate],
    margin: float,
    confidence: float,
    of_loss: pd.DataFrame | None = None,
    looked_at: Collection[int] = (),
) -> str:
    """The section of tables.md: legend, gate, and the tables of every criterion with its claim.

    Where too few queries were tested on, it says so instead. Where nothing was pruned, NOTHING_PRUNED stands
    in its place.

    Args:
        frame: what `verdicts` returns.
        passed: what `gates` returns.
        margin: as a share of the dense model's mean, as given to `verdicts`.
        confidence: of the intervals, as given to `verdicts`.
        of_loss: what `verdicts` returns of the test loss; None or empty where there is none.
        looked_at: seeds that were seen before, and are not in `frame`.
    """
    if not passed:
        return f"{HEADING}\n\n{NO_VERDICT}\n"
    gates = "\n".join(_gate_sentence(baseline, gate, confidence) for baseline, gate in passed.items())
    if frame.empty:  # no dense model finds anything
        return f"{HEADING}\n\n{gates}\n"
    level = 1 - confidence
    parts = [HEADING, _legend(margin, confidence), *_left_out(looked_at), *_two_seeds(frame, level)]
    parts += ["### Is there anything to lose?", gates]
    for (baseline, criterion), rows in frame.groupby(["baseline", "criterion"]):
        parts += [f"### Verdict: {baseline}, {criterion}", *tables_of(rows, level)]
        parts += [best_sentence(rows, level), claim_sentence(rows, level)]
        if of_loss is not None and len(of_loss):
            same = of_loss[(of_loss["baseline"] == baseline) & (of_loss["criterion"] == criterion)]
            parts += _loss_table(same, level)
    return "\n\n".join(parts) + "\n"


def best_sentence(rows: pd.DataFrame, level: float) -> str:
    """The rate that validation chooses, and what the tested queries say about it.

    Its p-values stay corrected for all rates: the seeds that made it best there are those tested here.

    Args:
        rows: those of one baseline and criterion in `verdicts`.
        level: of the tests.
    """
    best = rows[rows["best_rate"]]
    if best.empty:
        return "**Highest on validation.** None: there are no validation queries to choose a rate on."
    answers = [
        bullet(
            f"{QUESTION_WORDS[question]}: "
            + "; ".join(_answer_words(row, level) for row in verdict_rows(best) if row.question == question)
        )
        for question in Question
    ]
    rate = spell_rate(best["rate"].iloc[0])
    words = (
        f"**Highest on validation**: rate {rate}. That is a choice among rates that are often not apart, and "
        "not how far one can prune, which stands at the top of this page. On the test queries:"
    )
    return "\n".join([paragraph(words), *answers])


def claim_sentence(rows: pd.DataFrame, level: float) -> str:
    """Whether the published study's claim holds: by both questions, against each control.

    Both rates must win: each is tested by itself, at the level (dsi.evaluation.claims).

    Args:
        rows: those of one baseline and criterion in `verdicts`.
        level: of the tests.
    """
    rates = " and ".join(map(spell_rate, CLAIMED_RATES))
    claim = f"**The study's claim**, that the pruned model beats the dense one at rates {rates},"
    claimed = rows[rows["rate"].isin(CLAIMED_RATES) & rows["control"].isin(JUDGING_CONTROLS)]
    if set(claimed["rate"]) != set(CLAIMED_RATES):
        return f"{claim} is not tested here: not all of these rates were run."
    if (claimed["verdict"] == Verdict.NOTHING).any():
        return f"{claim} cannot be judged here: the dense model is not surely better than a random ranking."
    answers = [
        bullet(_claim_answer(question, str(control), verdict_rows(group), level))
        for question in Question
        for control, group in claimed[claimed["question"] == question].groupby("control", sort=False)
    ]
    return "\n".join(
        [paragraph(f"{claim} tested here on MAP, each of the two rates at {level:.2g}:"), *answers]
    )


def _claim_answer(question: Question, control: str, rows: list[VerdictRow], level: float) -> str:
    start = f"{QUESTION_WORDS[question]}, against {ARMS[control].name}, it"
    few = FEW_SEEDS.get(min(row.seeds for row in rows))
    looks = _looks(rows)
    if question is Question.TRAINING and few and all(math.isnan(look.upper) for look in looks):
        return f"{start} cannot be judged: {few} says nothing about other trainings."
    return f"{start} {claim_words.claim_sentence(looks, level)}"


def brief_claim(rows: pd.DataFrame, level: float) -> str:
    """The same in one sentence: against the control that decides, by both questions, and beyond the margin.

    Args:
        rows: those of one baseline and criterion in `verdicts`, against that control.
        level: of the tests.
    """
    rates = " and ".join(map(spell_rate, CLAIMED_RATES))
    claim = f"that the pruned model beats the dense one at rates {rates}"
    claimed = verdict_rows(rows[rows["rate"].isin(CLAIMED_RATES)])
    if {row.rate for row in claimed} != set(CLAIMED_RATES):
        return f"**The claim** {claim} is not tested here: not all of these rates were run."
    first = claimed[0]
    if any(row.verdict == Verdict.NOTHING for row in claimed):
        return ""
    looks = {question: _looks([row for row in claimed if row.question == question]) for question in Question}
    checkpoints, training = (str(answer(looks[question], level)) for question in Question)
    found = f"{checkpoints} for these checkpoints, {training} for training in general"
    if checkpoints == training:
        found = f"{checkpoints}, for these checkpoints and for training in general"
    if first.seeds < 2:
        found = f"{checkpoints} for these checkpoints; one seed says nothing about training in general"
    beyond = answer_beyond_margin(looks[Question.CHECKPOINTS])
    margin = "" if beyond is Answer.OPEN else f"; that it gains more than the margin {beyond}"
    return f"**The claim** {claim}: for {first.baseline}, {first.criterion} it {found}{margin}."


def _looks(rows: list[VerdictRow]) -> list[Look]:
    return [
        Look(spell_rate(row.rate), row.difference, row.lower, row.upper, row.p, row.control_value, row.margin)
        for row in rows
    ]


def _loss_table(rows: pd.DataFrame, level: float) -> list[str]:
    """The same for the test loss, against the control that decides; nothing without rows."""
    decisive = rows[rows["control"] == JUDGING_CONTROLS[0]]
    if decisive.empty:
        return []
    words = "**The same for the test loss**, in nats, lower being better. It sees what ranks alone do not."
    return [paragraph(words), control_table(decisive, level, "loss", " nats")]


def _left_out(looked_at: Collection[int]) -> list[str]:
    """Which seeds are not judged, as they had been seen when the others were added."""
    if not looked_at:
        return []
    seeds = ", ".join(map(str, sorted(looked_at)))
    words = (
        f"**Fresh seeds only.** Seeds {seeds} had been looked at before the others were trained; they are "
        "not judged here, for a study that goes on until it finds something finds too much."
    )
    return [paragraph(words)]


def _legend(margin: float, confidence: float) -> str:
    level = 1 - confidence
    values = {
        "confidence": brief_percent(confidence),
        "level": f"{level:.2g}",
        "inner": brief_percent(1 - 2 * level),
    }
    words = [[name, text.format(**values)] for name, text in COLUMN_WORDS]
    columns = pipe_table(["column", "what it says"], words, "left")
    return LEGEND.format(level=values["level"], margin=brief_percent(margin), columns=columns).rstrip()


def _two_seeds(frame: pd.DataFrame, level: float) -> list[str]:
    """What two seeds can and cannot answer, and how many can; nothing where there are more, or one."""
    if 2 not in set(frame["seeds"]):
        return []
    tests = int(frame["tests"].max())
    two, three, five, ten = (-stdtrit(seeds - 1, level / tests / 2) for seeds in (2, 3, 5, 10))
    words = (
        "**Two seeds hardly answer the second question**: how much trainings differ is known with one degree "
        f"of freedom. To be found, a difference has to be {two:.0f} times its standard error over seeds "
        f"(Student's t at {level:.2g}, corrected for {tests} tests); with 3 seeds {three:.1f} "
        f"times, with 5 {five:.1f}, with 10 {ten:.1f}. In simulated studies 2 seeds find a loss of 5 % of "
        "MAP in 5 %, 3 in 21 to 32 %, 5 in 94 to 99 %: `docs/method/verdict.md`."
    )
    return [paragraph(words)]


def _gate_sentence(baseline: str, gate: Gate, confidence: float) -> str:
    dense, random = (f"{lower:.4f} and {upper:.4f}" for lower, upper in gate)
    found = (
        f"- {baseline}: the MAP of dense E1 lies between {dense}, that of\n"
        f"  a random ranking between {random} ({brief_percent(confidence)} intervals): "
    )
    if gate.passed:
        return f"{found}there is something that pruning could lose."
    apart = "the dense model is surely worse" if gate.dense[1] < gate.random[0] else "they are not apart"
    return f"{found}{apart}.\n  **Nothing can be concluded** about pruning from these results."


def _answer_words(row: VerdictRow, level: float) -> str:
    """`against restart (rate 0) +0.0012 (-0.0040 to +0.0064, at worst 0.7 % below it): equivalent`."""
    found = f"against {ARMS[row.control].name} {row.difference:+.4f}"
    if not math.isnan(row.lower):
        found += f" ({interval_words(row)}{_worst(row)})"
    return f"{found}: {verdict_words(row, level)}"


def _worst(row: VerdictRow) -> str:
    """How far below its control the model may lie; no measure loses more than all that there is."""
    if not row.control_value:
        return ""
    return f", at worst {100 * min(max(0.0, -row.lower / row.control_value), 1.0):.1f} % below it"
