"""From values per query to verdicts in words: which pruned models differ from their controls, how surely.

Pure functions on data frames; the statistics are those of dsi.statistics. Does not know where files lie,
Snakemake or Matplotlib, and how a measure is computed: any that is higher when better, one value a query.

Frames
    values    one row per system, split and query: KEYS, qid, value.
    verdicts  one row per recovered system, control and question: COLUMNS. `p` and `equivalence_p` are of
              one test, `p_holm` over the rates of the criterion; needed_* are missing where nothing is
              needed or nothing suffices.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dsi.reporting import ABSENT, ARMS, System, pipe_table
from dsi.statistics import (
    MOST_SEEDS,
    Array,
    Needed,
    Question,
    compare,
    crossed_estimate,
    effect_size,
    holm,
    needed,
    query_estimate,
)

KEYS = ["baseline", "seed", "arm", "criterion", "rate", "split"]
COLUMNS = (
    *("baseline", "criterion", "rate", "control", "question", "seeds", "queries", "value", "control_value"),
    *("difference", "lower", "upper", "share_of_control", "effect_size", "margin", "p", "p_holm"),
    *("equivalence_p", "verdict", "needed_seeds", "needed_queries", "best_rate", "best_criterion"),
)
# The decisive control first.
CONTROLS = ("restart", "dense-continued")
CLAIMED_RATES = (0.2, 0.3)


class Verdict(StrEnum):
    """What the evidence says about one difference."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    OPEN = "not enough evidence"
    NOTHING = "nothing can be concluded"


class VerdictError(ValueError):
    """The values do not fit together; the message names the system and what is wrong."""


class Gate(NamedTuple):
    """Intervals (lower, upper) of the dense model's and a random ranking's mean; passed if they are apart."""

    dense: tuple[float, float]
    random: tuple[float, float]

    @property
    def passed(self) -> bool:
        """Whether the dense model finds documents at all, so that losing some could show."""
        return self.dense[0] > self.random[1]


def per_query_values(systems: Iterable[tuple[System, pd.DataFrame]], measure: str) -> pd.DataFrame:
    """The frame `values` of one measure.

    Args:
        systems: each with the contents of its per-query parquet: qid, split, measure, value.

    Raises:
        VerdictError: a system has no such measure.
    """
    frames = []
    for system, frame in systems:
        rows = frame.loc[frame["measure"] == measure, ["qid", "split", "value"]]
        if rows.empty:
            raise VerdictError(f"the per-query values of {system.slug} lack {measure}; evaluate it again")
        frames.append(rows.assign(**system._asdict()))
    return pd.concat(frames, ignore_index=True)[[*KEYS, "qid", "value"]]


def gate(dense: Array, random: Array, confidence: float) -> Gate:
    """The intervals that must be apart before anything can be concluded.

    Args:
        dense: shape (S, Q); with one seed its interval is over the queries only.
        random: shape (Q,), one random ranking a query.
    """
    estimate = crossed_estimate(dense) if len(dense) > 1 else query_estimate(dense)
    ends = (estimate.interval(confidence), query_estimate(random[None]).interval(confidence))
    return Gate(*((float(lower), float(upper)) for lower, upper in ends))


def gates(values: pd.DataFrame, confidence: float, split: str = "test") -> dict[str, Gate]:
    """The gate of every baseline.

    Raises:
        VerdictError: the random ranking or a dense model is missing, or lacks seeds or queries.
    """
    rows = values[values["split"] == split]
    random = _matrix(rows[rows["arm"] == "random"], "random")
    return {
        str(baseline): gate(
            _paired(_of_arm(group, "dense"), random, f"dense of {baseline}", "random").to_numpy(),
            random.to_numpy()[0],
            confidence,
        )
        for baseline, group in rows.dropna(subset=["baseline"]).groupby("baseline")
    }


def verdicts(
    values: pd.DataFrame, passed: Mapping[str, Gate], margin: float, confidence: float, split: str = "test"
) -> pd.DataFrame:
    """Every recovered system against every control there is, by both questions.

    Args:
        passed: what `gates` returns.
        margin: the largest difference that does not matter, as a share of the dense model's mean (E1).
        confidence: of the intervals; tests are at the level 1 - confidence.
        split: of the queries tested on; best_rate and best_criterion are chosen on validation.

    Returns:
        COLUMNS; no rows for a baseline whose dense model finds nothing.

    Raises:
        VerdictError: a control is missing, or two systems do not have the same seeds and queries.
    """
    rows = values[values["split"] == split]
    level = 1 - confidence
    families = []
    for (baseline, criterion), recovered in _recovered(rows).groupby(["baseline", "criterion"]):
        unpruned = rows[(rows["baseline"] == baseline) & rows["criterion"].isna()]
        arms = set(unpruned["arm"])
        for arm in ("dense", CONTROLS[0]):
            if arm not in arms:
                raise VerdictError(
                    f"the values of {arm} of {baseline} are missing; its recovered models need it"
                )
        if not _of_arm(unpruned, "dense").to_numpy().any():
            continue  # nothing is found to begin with: the gate says so, and no margin is a share of 0
        group = pd.concat([recovered, unpruned])
        families += [
            _family(group, str(baseline), str(criterion), control, margin, level)
            for control in CONTROLS
            if control in arms
        ]
    if not families:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = pd.concat(families, ignore_index=True)
    open_gate = frame["baseline"].map(lambda baseline: passed[baseline].passed)
    frame.loc[~open_gate, "verdict"] = Verdict.NOTHING
    frame.loc[~open_gate, ["needed_seeds", "needed_queries"]] = pd.NA
    return _with_choices(frame, values)[list(COLUMNS)]


def decide(difference: float, p_holm: float, equivalence_p: float, level: float) -> Verdict:
    """A difference that is surely there comes before one that is surely small; NaN decides nothing."""
    if p_holm <= level:
        return Verdict.BETTER if difference > 0 else Verdict.WORSE
    return Verdict.EQUIVALENT if equivalence_p <= level else Verdict.OPEN


def _family(
    rows: pd.DataFrame, baseline: str, criterion: str, control: str, margin: float, level: float
) -> pd.DataFrame:
    """The tests that one Holm correction is over: all rates of a criterion; both questions."""
    reference = _of_arm(rows, control)
    rates = sorted(_recovered(rows)["rate"].unique())
    systems = []
    for rate in rates:
        name = f"recovered {criterion} {rate:g} of {baseline}"
        matrix = _of_arm(rows[rows["rate"] == rate], "recovered")
        systems.append(_paired(matrix, reference, name, control).to_numpy())
    stacked, of_control = np.stack(systems), reference.to_numpy()
    differences = stacked - of_control
    absolute = margin * float(_of_arm(rows, "dense").to_numpy().mean())
    answers = compare(differences, absolute, 1 - level)
    facts: dict[str, Any] = {
        "baseline": baseline,
        "criterion": criterion,
        "rate": rates,
        "control": control,
        "seeds": differences.shape[1],
        "queries": differences.shape[2],
        "value": stacked.mean(axis=(1, 2)),
        "control_value": of_control.mean(),
        "effect_size": effect_size(differences),
        "margin": absolute,
    }
    frames = []
    for question, answer in answers.items():
        frame = pd.DataFrame(
            facts
            | {"question": str(question), "difference": answer.mean, "lower": answer.lower}
            | {"upper": answer.upper, "p": answer.p, "p_holm": holm(answer.p)}
            | {"equivalence_p": answer.equivalence_p}
        )
        frame["share_of_control"] = frame["difference"] / frame["control_value"]
        frame["verdict"] = [
            decide(row["difference"], row["p_holm"], row["equivalence_p"], level) for row in _records(frame)
        ]
        frames.append(_with_needed(frame, differences, question, level))
    return pd.concat(frames, ignore_index=True)


def _with_needed(frame: pd.DataFrame, differences: Array, question: Question, level: float) -> pd.DataFrame:
    """What would settle the open rows: needed_seeds, needed_queries."""
    counts = [
        needed(matrix, question, margin, level, len(frame)) if verdict == Verdict.OPEN else Needed(None, None)
        for matrix, margin, verdict in zip(differences, frame["margin"], frame["verdict"], strict=True)
    ]
    return frame.assign(
        needed_seeds=pd.array([count.seeds for count in counts], dtype="Int64"),
        needed_queries=pd.array([count.queries for count in counts], dtype="Int64"),
    )


def _with_choices(frame: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Marks the best rate of each criterion and the best criterion at each rate, by validation.

    Of equally good rates the highest is best, as it prunes more; of criteria the first by name.
    """
    keys = ["baseline", "criterion", "rate"]
    recovered = _recovered(values[values["split"] == "validation"])
    means = recovered.groupby(keys)["value"].mean().reset_index()
    by_rate = means.sort_values(["value", "rate"], ascending=False).drop_duplicates(["baseline", "criterion"])
    by_criterion = means.sort_values(["value", "criterion"], ascending=[False, True]).drop_duplicates(
        ["baseline", "rate"]
    )
    systems = pd.MultiIndex.from_frame(frame[keys])
    return frame.assign(
        best_rate=systems.isin(pd.MultiIndex.from_frame(by_rate[keys])),
        best_criterion=systems.isin(pd.MultiIndex.from_frame(by_criterion[keys])),
    )


def _recovered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["arm"] == "recovered"]


def _of_arm(rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    return _matrix(rows[rows["arm"] == arm], arm)


def _matrix(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Seeds × queries; a system without seeds has the one row 0."""
    keyed = rows.assign(seed=rows["seed"].fillna(0).astype(int))
    if keyed.duplicated(["seed", "qid"]).any():
        raise VerdictError(f"{name} has two values for a query of one seed; expected one")
    return keyed.pivot(index="seed", columns="qid", values="value")


def _paired(system: pd.DataFrame, control: pd.DataFrame, name: str, control_name: str) -> pd.DataFrame:
    """The system's values in the order of the control's; a control without seeds fits every seed."""
    axes = [("queries", system.columns, control.columns)]
    if control_name != "random":
        axes.append(("seeds", system.index, control.index))
    for what, found, expected in axes:
        odd = sorted(set(found) ^ set(expected))
        if odd or not len(found):
            raise VerdictError(
                f"{name} and {control_name} do not have the same {what}: found {len(found)} and "
                f"{len(expected)}{f', {odd[0]} in one only' if odd else ''}; evaluate both again"
            )
    if system.isna().any(axis=None):
        raise VerdictError(f"{name} lacks the value of a query in some seed; evaluate it again")
    return system[control.columns]


def paired_values(rows: pd.DataFrame, baseline: str, other: str) -> tuple[Array, Array]:
    """The dense values of two baselines, each (seeds, queries), in the same order.

    Args:
        rows: of `per_query_values`, of one split.

    Raises:
        VerdictError: they do not have the same seeds and queries.
    """
    ours, theirs = (
        _of_arm(rows[rows["baseline"] == name], "dense").rename_axis(index=None) for name in (baseline, other)
    )
    return _paired(ours, theirs, baseline, other).to_numpy(), theirs.to_numpy()


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
How the procedures were chosen, and how well they keep their promises: `docs/verdict.md`.
"""
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
    ("to settle it", "seeds (for these queries) or queries (for these seeds) with which 4 of 5 studies find"),
    ("", "a difference of the margin if there is one, and show equivalence if there is none"),
)


def verdict_section(frame: pd.DataFrame, passed: Mapping[str, Gate], margin: float, confidence: float) -> str:
    """The section of tables.md: legend, gate, and a table for every criterion and control with its claim.

    Where nothing was pruned it says so instead.

    Args:
        frame: what `verdicts` returns.
        passed: what `gates` returns.
        margin: as a share of the dense model's mean, as given to `verdicts`.
        confidence: of the intervals, as given to `verdicts`.
    """
    heading = "## Verdict\n\n*Does pruning change how good the retriever is, and how sure is that?*"
    if frame.empty:
        return f"{heading}\n\nNothing was pruned in this study, so there is nothing to judge.\n"
    share, level = f"{100 * confidence:g} %", 1 - confidence
    inner = f"{100 * (1 - 2 * level):g} %"
    words = [
        [name, text.format(confidence=share, level=f"{level:.2g}", inner=inner)]
        for name, text in COLUMN_WORDS
    ]
    legend = LEGEND.format(
        margin=f"{100 * margin:g} %", columns=pipe_table(["column", "what it says"], words, "left")
    )
    found = [_gate_sentence(baseline, one, share) for baseline, one in passed.items()]
    parts = [
        heading,
        legend.rstrip(),
        "### Is there anything to lose?",
        "\n".join(found),
    ]
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
        + "; ".join(_answer_words(row, level) for row in _records(best[best["question"] == question]))
        for question in Question
    ]
    rate = f"{best['rate'].iloc[0]:g}"
    return "\n".join(
        [f"**Best rate.** {rate}, chosen on the validation queries. On the test queries:", *answers]
    )


def claim_sentence(rows: pd.DataFrame) -> str:
    """Whether the study's claim holds: by both questions, against every control.

    Args:
        rows: those of one baseline and criterion in `verdicts`.
    """
    rates = " and ".join(f"{rate:g}" for rate in CLAIMED_RATES)
    claim = f"**The study's claim**, that the pruned model beats the dense one at rates {rates},"
    claimed = rows[rows["rate"].isin(CLAIMED_RATES)]
    if set(claimed["rate"]) != set(CLAIMED_RATES):
        return f"{claim} is not tested here: not all of these rates were run."
    if (claimed["verdict"] == Verdict.NOTHING).any():
        return f"{claim} cannot be judged here: the dense model is not surely better than a random ranking."
    answers = [_claim_answer(question, claimed[claimed["question"] == question]) for question in Question]
    return "\n".join([f"{claim} tested here on MAP:", *answers])


def _claim_answer(question: Question, rows: pd.DataFrame) -> str:
    if rows["p"].isna().any():
        return (
            f"- {QUESTION_WORDS[question]} it cannot be judged: one seed says nothing about other trainings."
        )
    found = set(rows["verdict"])
    if found == {Verdict.BETTER}:
        word = "**holds**"
    elif found & {Verdict.WORSE, Verdict.EQUIVALENT}:
        word = "**does not hold**"
    else:
        word = "is **neither shown nor refuted**"
    details = "; ".join(
        f"against {ARMS[str(control)]} "
        + " and ".join(f"{row['verdict']} at {row['rate']:g}" for row in _records(group))
        for control, group in rows.groupby("control", sort=False)
    )
    return f"- {QUESTION_WORDS[question]} it {word}: {details}."


def _gate_sentence(baseline: str, one: Gate, confidence: str) -> str:
    found = (
        f"- {baseline}: the MAP of dense E1 lies between {one.dense[0]:.4f} and {one.dense[1]:.4f}, that of\n"
        f"  a random ranking between {one.random[0]:.4f} and {one.random[1]:.4f} ({confidence} intervals): "
    )
    if one.passed:
        return f"{found}there is something that pruning could lose."
    return f"{found}they are not apart.\n  **Nothing can be concluded** about pruning from these results."


def _control_table(rows: pd.DataFrame, level: float) -> str:
    """One row a rate: the difference, then the answers to both questions."""
    checkpoints, training = (_records(rows[rows["question"] == question]) for question in Question)
    header = ["rate", "MAP", "difference", "d_z"]
    header += [f"{question}: {part}" for question in Question for part in ("interval", "p", "verdict")]
    header += ["to settle it"]
    cells = [
        [
            f"{one['rate']:g}",
            f"{one['value']:.4f}",
            f"{one['difference']:+.4f} ({100 * one['share_of_control']:+.1f} %)",
            ABSENT if pd.isna(one["effect_size"]) else f"{one['effect_size']:+.2f}",
            *_answer_cells(one, level),
            *_answer_cells(other, level),
            _to_settle(other),
        ]
        for one, other in zip(checkpoints, training, strict=True)
    ]
    first = checkpoints[0]
    seeds = "1 seed" if first["seeds"] == 1 else f"{first['seeds']} seeds"
    return (
        f"Recovered minus {ARMS[first['control']]} (MAP {first['control_value']:.4f}); {seeds}, "
        f"{first['queries']:,} test queries; margin {first['margin']:.4f}:\n\n{pipe_table(header, cells)}"
    )


def _answer_cells(row: Mapping[str, Any], level: float) -> list[str]:
    return [_interval(row), _p_value(row["p_holm"]), _verdict_words(row, level)]


def _answer_words(row: Mapping[str, Any], level: float) -> str:
    """`against restart (rate 0) +0.0012 (-0.0040 to +0.0064, at worst 0.7 % below it): equivalent`."""
    found = f"against {ARMS[row['control']]} {row['difference']:+.4f}"
    if not pd.isna(row["lower"]):
        worst = max(0.0, -row["lower"]) / row["control_value"]
        found += f" ({_interval(row)}, at worst {100 * worst:.1f} % below it)"
    return f"{found}: {_verdict_words(row, level)}"


def _verdict_words(row: Mapping[str, Any], level: float) -> str:
    verdict = str(row["verdict"])
    small = verdict in (Verdict.BETTER, Verdict.WORSE) and row["equivalence_p"] <= level
    return f"{verdict}, by less than the margin" if small else verdict


def _to_settle(row: Mapping[str, Any]) -> str:
    """What an open question needs, in words."""
    if row["verdict"] != Verdict.OPEN:
        return ABSENT
    if row["seeds"] == 1:
        return "2 seeds at least; one does not say how many"
    seeds, queries = row["needed_seeds"], row["needed_queries"]
    if not pd.isna(seeds) and seeds <= row["seeds"]:
        return "more than here, though as many do in 4 of 5 studies"
    of_seeds = f"more than {MOST_SEEDS} seeds" if pd.isna(seeds) else f"{seeds} seeds"
    of_queries = "no number of queries with these seeds" if pd.isna(queries) else f"{queries:,} queries"
    return f"{of_seeds}, or {of_queries}" if not pd.isna(queries) else f"{of_seeds}; {of_queries}"


def _interval(row: Mapping[str, Any]) -> str:
    return ABSENT if pd.isna(row["lower"]) else f"{row['lower']:+.4f} to {row['upper']:+.4f}"


def _p_value(p: float) -> str:
    if pd.isna(p):
        return ABSENT
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
