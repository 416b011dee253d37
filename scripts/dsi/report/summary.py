"""Means over seeds by system and measure, and the tables made of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import pandas as pd

from dsi.report.frames import or_none
from dsi.report.markdown import ABSENT, Spread, percent, pipe_table, plus_minus
from dsi.systems import ARMS, DENSE_ARMS, REFERENCES


class Group(NamedTuple):
    """The systems that differ by seed only."""

    baseline: str | None
    arm: str
    criterion: str | None = None
    rate: float | None = None


Spreads = Mapping[tuple[Group, str], Spread]
NamedGroups = Sequence[tuple[str, Group]]


def spreads(summary: pd.DataFrame) -> dict[tuple[Group, str], Spread]:
    """The rows of a summary (or of differences) of one split, by system and measure."""
    return {
        (Group._make(or_none(row[name]) for name in Group._fields), row["measure"]): Spread(
            row["mean"], row["sd"]
        )
        for row in summary.to_dict("records")
    }


def mean_zeros(sparsity: pd.DataFrame, baseline: str, criterion: str) -> dict[float, tuple[float, float]]:
    """By rate, the shares of zeros in Linear layers and in the whole model, means over seeds."""
    rows = sparsity[(sparsity["baseline"] == baseline) & (sparsity["criterion"] == criterion)]
    means = rows.groupby("rate")[["linears", "model"]].mean()
    return {cast(float, rate): (float(row["linears"]), float(row["model"])) for rate, row in means.iterrows()}


def before_after_table(
    baseline: str,
    criterion: str,
    measures: Sequence[str],
    values: Spreads,
    changes: Spreads,
    zeros: Mapping[float, tuple[float, float]],
) -> str:
    """A row per rate with each measure before and after recovery; below, the unpruned systems.

    For those, before and after mean before and after E2: dense E1 stands before both of its
    continuations. BM25 and random, not trained, have one value in both columns.
    """
    header = ["", "zeros in Linears", "zeros in model"]
    for measure in measures:
        header += [f"{measure} pruned", f"{measure} recovered", f"{measure} minus restart"]

    def row(name: str, shares: Sequence[str], before: Group, after: Group) -> list[str]:
        shown = [name, *shares]
        for measure in measures:
            shown += [
                plus_minus(values.get((before, measure))),
                plus_minus(values.get((after, measure))),
                plus_minus(changes.get((after, measure)), signed=True),
            ]
        return shown

    rows = [
        row(
            f"rate {rate:g}",
            [percent(share) for share in shares],
            Group(baseline, "pruned", criterion, rate),
            Group(baseline, "recovered", criterion, rate),
        )
        for rate, shares in zeros.items()
    ]
    for arm in ("restart", "dense-continued"):
        dense, continuation = Group(baseline, "dense"), Group(baseline, arm)
        rows.append(row(ARMS[arm].name, [percent(0), percent(0)], dense, continuation))
    for arm in REFERENCES:
        rows.append(row(ARMS[arm].name, [ABSENT, ABSENT], Group(None, arm), Group(None, arm)))
    # BM25 and random have no loss, for example.
    return pipe_table(header, [cells for cells in rows if set(cells[3:]) != {ABSENT}])


def measures_table(systems: NamedGroups, measures: Sequence[str], values: Spreads) -> str:
    """A row per named system and a column per measure."""
    rows = [
        [name, *(plus_minus(values.get((group, measure))) for measure in measures)] for name, group in systems
    ]
    return pipe_table(["", *measures], rows)


def unpruned_systems(values: Spreads) -> list[tuple[str, Group]]:
    """The reference rankings and every baseline's unpruned systems, as far as they are there."""
    groups = [(ARMS[arm].name, Group(None, arm)) for arm in REFERENCES]
    groups += [
        (f"{baseline}, {ARMS[arm].name}", Group(baseline, arm))
        for baseline in baseline_names(values)
        for arm in DENSE_ARMS
    ]
    there = {group for group, _ in values}
    return [(name, group) for name, group in groups if group in there]


def baseline_names(values: Spreads) -> list[str]:
    return sorted({group.baseline for group, _ in values if group.baseline})


def baseline_criteria(values: Spreads) -> list[tuple[str, str]]:
    """Baseline and criterion of every pruned model, each pair once."""
    return sorted(
        {(group.baseline, group.criterion) for group, _ in values if group.baseline and group.criterion}
    )
