"""From values per query to verdicts in words: which pruned models differ from their controls, how surely.

Pure functions on data frames; the statistics are those of dsi.evaluation.estimates. Does not know where files lie,
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

from dsi.evaluation.estimates import Array, crossed_estimate, effect_size, query_estimate
from dsi.evaluation.power import Needed, needed
from dsi.evaluation.significance import Question, compare, holm
from dsi.systems import JUDGING_CONTROLS, System

KEYS = ["baseline", "seed", "arm", "criterion", "rate", "split"]


COLUMNS = (
    *("baseline", "criterion", "rate", "control", "question", "seeds", "queries", "value", "control_value"),
    *("difference", "lower", "upper", "share_of_control", "effect_size", "margin", "p", "p_holm"),
    *("equivalence_p", "verdict", "needed_seeds", "needed_queries", "best_rate", "best_criterion"),
)


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
        for arm in ("dense", JUDGING_CONTROLS[0]):
            if arm not in arms:
                raise VerdictError(
                    f"the values of {arm} of {baseline} are missing; its recovered models need it"
                )
        if not _of_arm(unpruned, "dense").to_numpy().any():
            continue  # nothing is found to begin with: the gate says so, and no margin is a share of 0
        group = pd.concat([recovered, unpruned])
        families += [
            _family(group, str(baseline), str(criterion), control, margin, level)
            for control in JUDGING_CONTROLS
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
            decide(row["difference"], row["p_holm"], row["equivalence_p"], level)
            for row in row_records(frame)
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


def row_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
