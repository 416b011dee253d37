"""Means over seeds by system and measure, and the Markdown tables made of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

import pandas as pd

from dsi.report.markdown import ABSENT, Spread, percent, pipe_table, plus_minus
from dsi.report.results import Sparsity
from dsi.systems import ALWAYS, ARMS, DENSE_ARMS, INITIAL, JUDGING_CONTROLS, REFERENCES, System, spell_rate


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
    found = {}
    for row in summary.to_dict("records"):
        system = System.of_columns({name: row.get(name) for name in System._fields})
        group = Group(system.baseline, system.arm, system.criterion, system.rate)
        found[group, str(row["measure"])] = Spread(row["mean"], row["sd"])
    return found


def mean_zeros(sparsity: pd.DataFrame, baseline: str, criterion: str) -> dict[float, Sparsity]:
    """By rate, the shares of zeros, means over seeds."""
    rows = sparsity[(sparsity["baseline"] == baseline) & (sparsity["criterion"] == criterion)]
    means = rows.groupby("rate")[list(Sparsity._fields)].mean()
    return {cast(float, rate): Sparsity(*map(float, row)) for rate, row in means.iterrows()}


def zeros_table(zeros: Mapping[float, Sparsity]) -> str:
    """A row per rate: the shares of zeros after pruning, and the weights left."""
    header = ["zeros in", "all Linears", "weights that can matter", "whole model", "weights left"]
    rows = [
        [f"rate {spell_rate(rate)}", *(percent(share) for share in shares[:3]), f"{shares.nonzero:,.0f}"]
        for rate, shares in zeros.items()
    ]
    return pipe_table(header, rows)


def before_after_table(
    baseline: str, criterion: str, measure: str, values: Spreads, changes: Spreads, rates: Iterable[float]
) -> str:
    """A row per rate with a measure before and after recovery; below, the unpruned systems.

    For those, before and after mean before and after E2: dense E1 stands before both of its
    continuations. BM25 and random, not trained, have one value in both columns.

    Args:
        values, changes: what `spreads` gives of means and of differences from the control.
    """
    rows = [
        (
            f"rate {spell_rate(rate)}",
            Group(baseline, "pruned", criterion, rate),
            Group(baseline, "recovered", criterion, rate),
        )
        for rate in rates
    ]
    rows += [(ARMS[arm].name, Group(baseline, "dense"), Group(baseline, arm)) for arm in JUDGING_CONTROLS]
    rows += [(ARMS[arm].name, Group(None, arm), Group(None, arm)) for arm in ALWAYS]
    cells = []
    for name, before, after in rows:
        shown = [
            plus_minus(values.get((before, measure))),
            plus_minus(values.get((after, measure))),
            plus_minus(changes.get((after, measure)), signed=True),
        ]
        if set(shown) != {ABSENT}:  # BM25 and random have no loss, for example
            cells.append([name, *shown])
    header = [f"{measure} pruned", f"{measure} recovered", f"{measure} minus restart"]
    return pipe_table(["", *header], cells)


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
        for arm in (INITIAL, *DENSE_ARMS)
    ]
    there = {group for group, _ in values}
    return [(name, group) for name, group in groups if group in there]


def baseline_names(values: Spreads) -> list[str]:
    """Every baseline once."""
    return sorted({group.baseline for group, _ in values if group.baseline})


def baseline_criteria(values: Spreads) -> list[tuple[str, str]]:
    """Baseline and criterion of every pruned model, each pair once."""
    return sorted(
        {(group.baseline, group.criterion) for group, _ in values if group.baseline and group.criterion}
    )
