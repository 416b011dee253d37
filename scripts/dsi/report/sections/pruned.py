"""The section of tables.md about pruned and recovered models."""

import math
from collections.abc import Mapping, Sequence

from dsi.evaluation.measures import LOSS, QRELS_MEASURES
from dsi.report.flips import ANOTHER_SEED, Flips
from dsi.report.markdown import ABSENT, pipe_table, plus_minus
from dsi.report.results import Sparsity
from dsi.report.summary import Group, Spreads, before_after_table, measures_table, zeros_table
from dsi.systems import ARMS, JUDGING_CONTROLS, REFERENCES, SMALL_ARMS, spell_rate

OVERLAP = "RBO"  # rank-biased overlap with dense E1, where it was measured
SECTION = """## Pruned and recovered: {baseline}, {criterion}

*How much does pruning cost, and does recovery bring it back?*
Higher is better. "Minus restart" compares the recovered model with the control of the same seed:
below 0 it ends behind.

{quality}

{zeros}
{small}
*Which queries stand behind the averages?*
Pairs of seed and query, against restart: a relevant document among the first 10 with both, with
restart alone (lost), with the model alone (won); kept is both / (both + lost). Average precision: better,
equal or worse. Rows below the rates are models of which nothing is pruned: what retraining alone does.
{overlap}
{flips}

*How good are the recovered models by every measure?*
Higher is better, except for the loss.

{every_measure}

*What does the loss say?*
Test loss in nats; lower is better, so above 0 is behind the control here.

{loss}
"""
SMALL = """
*As many weights from the start?*
Small models of the shape that removing units leaves, trained for E1 + E2, beside the recovered ones.

{table}
"""


def pruned_section(
    baseline: str,
    criterion: str,
    values: Spreads,
    changes: Spreads,
    zeros: Mapping[float, Sparsity],
    flips: Sequence[Flips],
) -> str:
    """Quality, flips, every measure and loss of one baseline and criterion, rate by rate.

    Args:
        values, changes: what dsi.report.summary.spreads gives of means and of differences.
        zeros: what dsi.report.summary.mean_zeros gives.
        flips: of this baseline; those of other criteria are passed over.
    """
    quality, loss = (
        "\n\n".join(
            before_after_table(baseline, criterion, measure, values, changes, zeros) for measure in measures
        )
        for measures in (("MAP", "R@10"), (LOSS,))
    )
    recovered = [
        (f"rate {spell_rate(rate)}", Group(baseline, "recovered", criterion, rate)) for rate in zeros
    ]
    controls = [(ARMS[arm].name, Group(baseline, arm)) for arm in JUDGING_CONTROLS]
    there = {group for group, _ in values}
    references = [(ARMS[arm].name, Group(None, arm)) for arm in REFERENCES if Group(None, arm) in there]
    measures = [*QRELS_MEASURES, LOSS]
    overlap = any(measure == OVERLAP for _, measure in values)
    return SECTION.format(
        baseline=baseline,
        criterion=criterion,
        quality=quality,
        zeros=zeros_table(zeros),
        small=_small_models(baseline, criterion, values, zeros),
        overlap=f"{OVERLAP}: rank-biased overlap of the model's lists with those of dense E1.\n"
        if overlap
        else "",
        flips=flips_table(baseline, criterion, flips, values if overlap else {}),
        every_measure=measures_table([*recovered, *controls, *references], measures, values),
        loss=loss,
    )


def flips_table(baseline: str, criterion: str, flips: Sequence[Flips], values: Spreads) -> str:
    """A row per rate, then those of unpruned models against restart.

    Args:
        values: of OVERLAP; without any, there is no such column.
    """
    of_restart = [row for row in flips if row.baseline == baseline and row.control == JUDGING_CONTROLS[0]]
    rows = []
    for row in of_restart:
        if row.arm == "recovered" and row.criterion == criterion and row.rate is not None:
            group = Group(baseline, row.arm, criterion, row.rate)
            rows.append([f"rate {spell_rate(row.rate)}", *_counts(row), _overlap(values, group)])
    names = {JUDGING_CONTROLS[1]: ARMS[JUDGING_CONTROLS[1]].name, ANOTHER_SEED: f"restart, {ANOTHER_SEED}"}
    for arm, name in names.items():
        group = Group(baseline, arm)
        rows += [[name, *_counts(row), _overlap(values, group)] for row in of_restart if row.arm == arm]
    control = Group(baseline, JUDGING_CONTROLS[0])
    if values:
        rows.append([ARMS[JUDGING_CONTROLS[0]].name, *[ABSENT] * 7, _overlap(values, control)])
    header = ["", "both", "lost", "won", "kept", "AP better", "equal", "worse", OVERLAP]
    columns = len(header) if values else -1
    return pipe_table(header[:columns], [row[:columns] for row in rows])


def _small_models(baseline: str, criterion: str, values: Spreads, zeros: Mapping[float, Sparsity]) -> str:
    """The recovered model of each rate and the small ones of its shape; nothing where there are none."""
    there = {(group.criterion, group.rate) for group, _ in values if group.arm in SMALL_ARMS}
    rows = [
        [
            f"rate {spell_rate(rate)}, {ARMS[arm].name}",
            f"{shares.nonzero:,.0f}",
            plus_minus(values.get((Group(baseline, arm, criterion, rate), "MAP"))),
        ]
        for rate, shares in zeros.items()
        for arm in ("recovered", *SMALL_ARMS)
        if (criterion, rate) in there
    ]
    return SMALL.format(table=pipe_table(["", "weights", "MAP"], rows)) if rows else ""


def _counts(row: Flips) -> list[str]:
    kept = ABSENT if math.isnan(row.kept) else f"{100 * row.kept:.1f} %"
    return [
        *(f"{count:,}" for count in (row.both, row.lost, row.won)),
        kept,
        *(f"{count:,}" for count in (row.better, row.equal, row.worse)),
    ]


def _overlap(values: Spreads, group: Group) -> str:
    """The mean alone: with its deviation the table would not fit a page."""
    found = values.get((group, OVERLAP))
    return ABSENT if found is None else f"{found.mean:.3f}"
