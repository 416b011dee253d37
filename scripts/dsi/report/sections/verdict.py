"""The section of tables.md that says what the differences prove, in words."""

import math
from collections.abc import Mapping

import pandas as pd
from scipy.special import stdtrit

from dsi.evaluation.power import MOST_SEEDS
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import LEAST_QUERIES, Gate, Verdict, VerdictRow, verdict_rows
from dsi.report.markdown import ABSENT, brief_percent, paragraph, pipe_table
from dsi.report.reproduction.published import CLAIMED_RATES
from dsi.systems import ARMS, spell_rate

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
How the procedures were chosen, and how well they keep their promises: `docs/method/verdict.md`.
"""
NO_VERDICT = (
    f"**No verdict.** There are fewer than {LEAST_QUERIES} judged test queries: nobody can say how much "
    "queries differ,\nso no difference proves anything."
)
COLUMN_WORDS = (
    ("difference", "MAP of the recovered model minus the control's, paired by seed and query"),
    ("(…)", "the same as a share of the control's MAP"),
    ("d_z", "Cohen's effect size over queries: mean / standard deviation of the seeds' mean difference"),
    ("interval", "holds the true difference in {confidence} of such studies"),
    ("p", "how often chance alone gives such a difference, corrected for all rates of a criterion (Holm)"),
    ("better, worse", "p is at most {level}"),
    ("equivalent", "surely within the margin: two one-sided tests at {level}, each rate by itself;"),
    ("", "that is, the {inner} interval, narrower than the one shown, lies within it"),
    ("not enough evidence", "neither"),
    ("to find the margin", "seeds (for these queries) or queries (for these seeds) with which 4 of 5"),
    ("", "studies find a difference of the margin if there is one, and show equivalence if there"),
    ("", "is none; a larger difference takes fewer"),
)
# With as many, most studies find a loss of 5 % of MAP in training in general: docs/method/verdict.md.
ENOUGH_SEEDS = 5
FEW_SEEDS = {1: "one seed", 2: "two seeds"}


def verdict_section(frame: pd.DataFrame, passed: Mapping[str, Gate], margin: float, confidence: float) -> str:
    """The section of tables.md: legend, gate, and a table for every criterion and control with its claim.

    Where too few queries were tested on, it says so instead. Where nothing was pruned, NOTHING_PRUNED stands
    in its place.

    Args:
        frame: what `verdicts` returns.
        passed: what `gates` returns.
        margin: as a share of the dense model's mean, as given to `verdicts`.
        confidence: of the intervals, as given to `verdicts`.
    """
    if not passed:
        return f"{HEADING}\n\n{NO_VERDICT}\n"
    gates = "\n".join(_gate_sentence(baseline, gate, confidence) for baseline, gate in passed.items())
    if frame.empty:  # no dense model finds anything
        return f"{HEADING}\n\n{gates}\n"
    level = 1 - confidence
    parts = [HEADING, _legend(margin, confidence), *_two_seeds(frame, level)]
    parts += ["### Is there anything to lose?", gates]
    for (baseline, criterion), rows in frame.groupby(["baseline", "criterion"]):
        parts.append(f"### Verdict: {baseline}, {criterion}")
        parts += [_control_table(group, level) for _, group in rows.groupby("control", sort=False)]
        parts += [best_sentence(rows, level), claim_sentence(rows)]
    return "\n\n".join(parts) + "\n"


def best_sentence(rows: pd.DataFrame, level: float) -> str:
    """The rate called best, chosen on validation, and what the tested queries say about it.

    Its p-values stay corrected for all rates: the seeds that made it best there are those tested here.

    Args:
        rows: those of one baseline and criterion in `verdicts`.
        level: of the tests.
    """
    best = rows[rows["best_rate"]]
    if best.empty:
        return "**Best rate.** None is called best: there are no validation queries to choose it on."
    answers = [
        f"- {QUESTION_WORDS[question]}: "
        + "; ".join(_answer_words(row, level) for row in verdict_rows(best) if row.question == question)
        for question in Question
    ]
    rate = spell_rate(best["rate"].iloc[0])
    return "\n".join(
        [f"**Best rate.** {rate}, chosen on the validation queries. On the test queries:", *answers]
    )


def claim_sentence(rows: pd.DataFrame) -> str:
    """Whether the published study's claim holds: by both questions, against every control.

    Args:
        rows: those of one baseline and criterion in `verdicts`.
    """
    rates = " and ".join(map(spell_rate, CLAIMED_RATES))
    claim = f"**The study's claim**, that the pruned model beats the dense one at rates {rates},"
    claimed = rows[rows["rate"].isin(CLAIMED_RATES)]
    if set(claimed["rate"]) != set(CLAIMED_RATES):
        return f"{claim} is not tested here: not all of these rates were run."
    if (claimed["verdict"] == Verdict.NOTHING).any():
        return f"{claim} cannot be judged here: the dense model is not surely better than a random ranking."
    answers = [_claim_answer(question, claimed[claimed["question"] == question]) for question in Question]
    return "\n".join([f"{claim} tested here on MAP:", *answers])


def _legend(margin: float, confidence: float) -> str:
    level = 1 - confidence
    values = {
        "confidence": brief_percent(confidence),
        "level": f"{level:.2g}",
        "inner": brief_percent(1 - 2 * level),
    }
    words = [[name, text.format(**values)] for name, text in COLUMN_WORDS]
    columns = pipe_table(["column", "what it says"], words, "left")
    return LEGEND.format(margin=brief_percent(margin), columns=columns).rstrip()


def _two_seeds(frame: pd.DataFrame, level: float) -> list[str]:
    """What two seeds can and cannot answer, and how many can; nothing where there are more, or one."""
    if 2 not in set(frame["seeds"]):
        return []
    rates = int(frame.groupby(["baseline", "criterion"])["rate"].nunique().max())
    two, three, five, ten = (-stdtrit(seeds - 1, level / rates / 2) for seeds in (2, 3, 5, 10))
    words = (
        "**Two seeds hardly answer the second question**: how much trainings differ is known with one degree "
        f"of freedom. To be found, a difference has to be {two:.0f} times its standard error over seeds "
        f"(Student's t at {level:.2g}, corrected for the number of rates, {rates}); with 3 seeds {three:.1f} "
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
    return f"{found}they are not apart.\n  **Nothing can be concluded** about pruning from these results."


def _control_table(rows: pd.DataFrame, level: float) -> str:
    """One row a rate: the difference, then the answers to both questions."""
    checkpoints, training = (
        [row for row in verdict_rows(rows) if row.question == question] for question in Question
    )
    header = ["rate", "MAP", "difference", "d_z"]
    header += [f"{question}: {part}" for question in Question for part in ("interval", "p", "verdict")]
    header += ["to find the margin"]
    cells = [
        [
            spell_rate(one.rate),
            f"{one.value:.4f}",
            _difference(one),
            ABSENT if math.isnan(one.effect_size) else f"{one.effect_size:+.2f}",
            *_answer_cells(one, level),
            *_answer_cells(other, level),
            _to_find_margin(other),
        ]
        for one, other in zip(checkpoints, training, strict=True)
    ]
    first = checkpoints[0]
    seeds = "1 seed" if first.seeds == 1 else f"{first.seeds} seeds"
    return (
        f"Recovered minus {ARMS[first.control].name} (MAP {first.control_value:.4f}); {seeds}, "
        f"{first.queries:,} test queries; margin {first.margin:.4f}:\n\n{pipe_table(header, cells)}"
    )


def _claim_answer(question: Question, rows: pd.DataFrame) -> str:
    """One rate that is surely worse refutes the claim; a difference that is surely small does not."""
    found, few = set(rows["verdict"]), FEW_SEEDS.get(int(rows["seeds"].min()))
    if question is Question.TRAINING and few and found == {Verdict.OPEN}:
        says = f"{few} {'says nothing' if rows['p'].isna().any() else 'say next to nothing'}"
        return f"- {QUESTION_WORDS[question]} it cannot be judged: {says} about other trainings."
    if found == {Verdict.BETTER}:
        word = "**holds**"
    elif Verdict.WORSE in found:
        word = "**does not hold**"
    else:
        word = "is **neither shown nor refuted**"
        if Verdict.EQUIVALENT in found:
            where = "" if found == {Verdict.EQUIVALENT} else "where it is equivalent, "
            word += f"; {where}any gain is smaller than the margin"
    details = "; ".join(
        f"against {ARMS[str(control)].name} "
        + " and ".join(
            f"{verdict} at {spell_rate(rate)}"
            for verdict, rate in zip(group["verdict"], group["rate"], strict=True)
        )
        for control, group in rows.groupby("control", sort=False)
    )
    return f"- {QUESTION_WORDS[question]} it {word}: {details}."


def _answer_cells(row: VerdictRow, level: float) -> list[str]:
    return [_interval(row), _p_value(row.p_holm), _verdict_words(row, level)]


def _answer_words(row: VerdictRow, level: float) -> str:
    """`against restart (rate 0) +0.0012 (-0.0040 to +0.0064, at worst 0.7 % below it): equivalent`."""
    found = f"against {ARMS[row.control].name} {row.difference:+.4f}"
    if not math.isnan(row.lower):
        found += f" ({_interval(row)}{_worst(row)})"
    return f"{found}: {_verdict_words(row, level)}"


def _worst(row: VerdictRow) -> str:
    """How far below its control the model may lie; no measure loses more than all that there is."""
    if not row.control_value:
        return ""
    return f", at worst {100 * min(max(0.0, -row.lower / row.control_value), 1.0):.1f} % below it"


def _difference(row: VerdictRow) -> str:
    """`-0.0031 (-0.5 %)`; without the share where the control finds nothing."""
    share = "" if math.isnan(row.share_of_control) else f" ({100 * row.share_of_control:+.1f} %)"
    return f"{row.difference:+.4f}{share}"


def _verdict_words(row: VerdictRow, level: float) -> str:
    if row.question == Question.TRAINING and row.verdict == Verdict.OPEN and row.seeds in FEW_SEEDS:
        return f"{FEW_SEEDS[row.seeds]} cannot tell"
    small = row.verdict in (Verdict.BETTER, Verdict.WORSE) and row.equivalence_p <= level
    return f"{row.verdict}, by less than the margin" if small else str(row.verdict)


def _to_find_margin(row: VerdictRow) -> str:
    """With how many seeds or queries an open question would show a difference of the margin, in words."""
    if row.verdict != Verdict.OPEN:
        return ABSENT
    if row.seeds in FEW_SEEDS:
        do = "does" if row.seeds == 1 else "do"
        return f"{ENOUGH_SEEDS} seeds or more; {FEW_SEEDS[row.seeds]} {do} not say how many"
    seeds, queries = row.needed_seeds, row.needed_queries
    if seeds is not None and seeds <= row.seeds:
        return "more than here, though as many do in 4 of 5 studies"
    of_seeds = f"more than {MOST_SEEDS} seeds" if seeds is None else f"{seeds} seeds"
    if queries is None:
        return f"{of_seeds}; no number of queries with these seeds"
    return f"{of_seeds}, or {queries:,} queries"


def _interval(row: VerdictRow) -> str:
    return ABSENT if math.isnan(row.lower) else f"{row.lower:+.4f} to {row.upper:+.4f}"


def _p_value(p: float) -> str:
    if math.isnan(p):
        return ABSENT
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
