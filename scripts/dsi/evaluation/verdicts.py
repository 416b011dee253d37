"""From values per query to verdicts: which pruned models differ from their controls, and how surely.

The statistics are those of dsi.evaluation.estimates and dsi.evaluation.significance; the measure is one from
0 to 1, where intervals end, too.

Frame
    verdicts  one row per recovered system, control and question: the fields of VerdictRow. `p` and
              `equivalence_p` are of one test, `p_holm` over the rates of the criterion; needed_* are
              missing where nothing is needed or nothing suffices. Empty where nothing was pruned, or
              fewer than LEAST_QUERIES were tested on.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.evaluation import estimates
from dsi.evaluation.estimates import Array, crossed_estimate, effect_size, query_estimate
from dsi.evaluation.paired_values import PairingError, of_arm, paired
from dsi.evaluation.power import Needed, needed
from dsi.evaluation.significance import Comparison, Question, compare, holm
from dsi.systems import JUDGING_CONTROLS, spell_rate

LEAST_QUERIES = 2  # of one query's values nobody can say how queries differ


class Verdict(StrEnum):
    """What the evidence says about one difference."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    OPEN = "not enough evidence"
    NOTHING = "nothing can be concluded"


class VerdictRow(NamedTuple):
    """A row of the frame `verdicts`, in the unit of the measure where nothing else is said.

    rate: of pruning. seeds, queries: how many the row is of. value, control_value: means of both systems.
    lower, upper: of the interval. share_of_control: the difference as one, NaN of a control of 0.
    effect_size: Cohen's d_z. p, p_holm, equivalence_p: of the tests; NaN where the data cannot answer.
    needed_seeds, needed_queries: what would find the margin in an open row. best_rate, best_criterion:
    whether it is of those.
    """

    baseline: str
    criterion: str
    rate: float
    control: str
    question: str
    seeds: int
    queries: int
    value: float
    control_value: float
    difference: float
    lower: float
    upper: float
    share_of_control: float
    effect_size: float
    margin: float
    p: float
    p_holm: float
    equivalence_p: float
    verdict: str
    needed_seeds: int | None
    needed_queries: int | None
    best_rate: bool
    best_criterion: bool


COLUMNS = VerdictRow._fields


class Gate(NamedTuple):
    """Intervals (lower, upper) of the dense model's and a random ranking's mean; passed if they are apart."""

    dense: tuple[float, float]
    random: tuple[float, float]

    @property
    def passed(self) -> bool:
        """Whether the dense model finds documents at all, so that losing some could show."""
        return self.dense[0] > self.random[1]


class Family(NamedTuple):
    """The systems whose tests one Holm correction is over: all rates of a criterion against one control.

    rates: (R,). values: (R, S, Q) of the recovered models; of_control: (S, Q). margin: in the unit of the
    values.
    """

    baseline: str
    criterion: str
    control: str
    rates: Array
    values: Array
    of_control: Array
    margin: float

    @property
    def differences(self) -> Array:
        """Recovered minus control, (R, S, Q)."""
        return self.values - self.of_control


def gate(dense: Array, random: Array, confidence: float) -> Gate:
    """The intervals that must be apart before anything can be concluded.

    Args:
        dense: shape (S, Q); with one seed its interval is over the queries only.
        random: shape (Q,), one random ranking a query.
    """
    estimate = crossed_estimate(dense) if len(dense) > 1 else query_estimate(dense)
    found = (each.interval(confidence, estimates.VALUES) for each in (estimate, query_estimate(random[None])))
    return Gate(*((float(lower), float(upper)) for lower, upper in found))


def gates(values: pd.DataFrame, confidence: float, split: str = "test") -> dict[str, Gate]:
    """The gate of every baseline; none with fewer than LEAST_QUERIES.

    Raises:
        PairingError: the random ranking or a dense model is missing, or lacks seeds or queries.
    """
    rows = values[values["split"] == split]
    if rows["qid"].nunique() < LEAST_QUERIES:
        return {}
    random = of_arm(rows, "random")
    return {
        str(baseline): gate(
            paired(of_arm(group, "dense"), random, f"dense of {baseline}", "random").to_numpy(),
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
        values: as in dsi.evaluation.paired_values.
        passed: what `gates` returns.
        margin: the largest difference that does not matter, as a share of the dense model's mean (E1).
        confidence: of the intervals; tests are at the level 1 - confidence.
        split: of the queries tested on; best_rate and best_criterion are chosen on validation.

    Returns:
        COLUMNS; no rows for a baseline whose dense model finds nothing, or of fewer than LEAST_QUERIES.

    Raises:
        PairingError: a control is missing, or two systems do not have the same seeds and queries.
    """
    rows, level = values[values["split"] == split], 1 - confidence
    enough = rows["qid"].nunique() >= LEAST_QUERIES
    families = _families(rows, margin) if enough else ()
    judged = [frame for family in families for frame in _judged(family, level)]
    if not judged:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = pd.concat(judged, ignore_index=True)
    open_gate = frame["baseline"].map(lambda baseline: passed[baseline].passed)
    frame.loc[~open_gate, "verdict"] = Verdict.NOTHING
    frame.loc[~open_gate, ["needed_seeds", "needed_queries"]] = pd.NA
    return _with_choices(frame, values)[list(COLUMNS)]


def verdict_rows(frame: pd.DataFrame) -> list[VerdictRow]:
    """The rows of what `verdicts` returns, as records."""
    values = frame[list(COLUMNS)].itertuples(index=False, name=None)
    rows = [VerdictRow(*row) for row in values]
    return [
        row._replace(
            needed_seeds=None if pd.isna(row.needed_seeds) else row.needed_seeds,
            needed_queries=None if pd.isna(row.needed_queries) else row.needed_queries,
        )
        for row in rows
    ]


def decide(difference: float, p_holm: float, equivalence_p: float, level: float) -> Verdict:
    """A difference that is surely there comes before one that is surely small; NaN decides nothing."""
    if p_holm <= level:
        return Verdict.BETTER if difference > 0 else Verdict.WORSE
    return Verdict.EQUIVALENT if equivalence_p <= level else Verdict.OPEN


def _families(rows: pd.DataFrame, margin: float) -> Iterator[Family]:
    """Every criterion of every baseline against each control; none where the dense model finds nothing."""
    recovered = rows[rows["arm"] == "recovered"]
    for (baseline, _), group in recovered.groupby(["baseline", "criterion"]):
        unpruned = rows[(rows["baseline"] == baseline) & rows["criterion"].isna()]
        arms = set(unpruned["arm"])
        for arm in ("dense", JUDGING_CONTROLS[0]):
            if arm not in arms:
                raise PairingError(
                    f"the values of {arm} of {baseline} are missing; its recovered models need it"
                )
        dense = of_arm(unpruned, "dense").to_numpy()
        if not dense.any():
            continue  # the gate says so, and no margin is a share of 0
        absolute = margin * float(dense.mean())
        for control in JUDGING_CONTROLS:
            if control in arms:
                yield _family(group, of_arm(unpruned, control), control, absolute)


def _family(recovered: pd.DataFrame, reference: pd.DataFrame, control: str, margin: float) -> Family:
    """The rates of one baseline and criterion, each paired with the control."""
    baseline, criterion = str(recovered["baseline"].iloc[0]), str(recovered["criterion"].iloc[0])
    rates = sorted(recovered["rate"].unique())
    systems = []
    for rate in rates:
        name = f"recovered {criterion} {spell_rate(rate)} of {baseline}"
        values = of_arm(recovered[recovered["rate"] == rate], "recovered")
        systems.append(paired(values, reference, name, control).to_numpy())
    stacked = np.stack(systems)
    return Family(baseline, criterion, control, np.array(rates), stacked, reference.to_numpy(), margin)


def _judged(family: Family, level: float) -> Iterator[pd.DataFrame]:
    """For each question one row a rate: difference, interval, p-values, verdict, what would settle it."""
    answers = compare(family.differences, family.margin, 1 - level, span=estimates.DIFFERENCES)
    for question, answer in answers.items():
        frame = _answered(family, question, answer)
        decided = [
            decide(difference, p_holm, equivalence_p, level)
            for difference, p_holm, equivalence_p in zip(
                frame["difference"], frame["p_holm"], frame["equivalence_p"], strict=True
            )
        ]
        counts = [
            needed(matrix, question, family.margin, level, len(frame))
            if verdict == Verdict.OPEN
            else Needed(None, None)
            for matrix, verdict in zip(family.differences, decided, strict=True)
        ]
        yield frame.assign(
            verdict=decided,
            needed_seeds=pd.array([count.seeds for count in counts], dtype="Int64"),
            needed_queries=pd.array([count.queries for count in counts], dtype="Int64"),
        )


def _answered(family: Family, question: Question, answer: Comparison) -> pd.DataFrame:
    """The numbers of one question's rows."""
    frame = pd.DataFrame(
        {
            "baseline": family.baseline,
            "criterion": family.criterion,
            "rate": family.rates,
            "control": family.control,
            "question": str(question),
            "seeds": family.values.shape[1],
            "queries": family.values.shape[2],
            "value": family.values.mean(axis=(1, 2)),
            "control_value": family.of_control.mean(),
            "difference": answer.mean,
            "lower": answer.lower,
            "upper": answer.upper,
            "effect_size": effect_size(family.differences),
            "margin": family.margin,
            "p": answer.p,
            "p_holm": holm(answer.p),
            "equivalence_p": answer.equivalence_p,
        }
    )
    frame["share_of_control"] = frame["difference"] / frame["control_value"].replace(0, np.nan)
    return frame


def _with_choices(frame: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Marks the best rate of each criterion and the best criterion at each rate, by validation.

    Of equally good rates the highest is best, as it prunes more; of criteria the first by name.
    """
    keys = ["baseline", "criterion", "rate"]
    recovered = values[(values["split"] == "validation") & (values["arm"] == "recovered")]
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
