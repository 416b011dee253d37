"""The section of tables.md about documents that a training query asked for, and those that none did."""

import math
from collections.abc import Mapping

import pandas as pd

from dsi.evaluation.group_losses import GroupLoss
from dsi.evaluation.query_groups import SEEN, UNSEEN
from dsi.report.markdown import ABSENT, brief_percent, pipe_table, plus_minus
from dsi.report.sections.introduction import Study
from dsi.report.summary import Spreads, unpruned_systems
from dsi.systems import ARMS, spell_rate

MEASURES = ("MAP", "nDCG@10")
NAMES = {SEEN: "seen", UNSEEN: "unseen"}
HEADING = """## Seen and unseen documents

*Is it memory of answers or of documents, and does pruning take more of one?*

A relevant document is seen if it is relevant to a training query, too: a retriever can know it as an
answer. Each group is judged by itself: in seen ({seen} queries) the seen documents alone are relevant
and the unseen relevant ones are taken out of the ranking, in unseen ({unseen} queries) the other way
round. A query with documents of both kinds is in both."""
LOSSES = """What each loses: the change of a model's mean from its control's, on the same group; pruned
models' control is dense E1, that of all others restart. Last the change on unseen documents minus that
on seen ones, in percentage points, with its {confidence} interval ({about});
below 0 the unseen lose more."""


def groups_section(
    study: Study, values: Mapping[str, Spreads], groups: pd.DataFrame, confidence: float
) -> str:
    """Quality of every system on both groups, and what each loses; nothing where there are no groups.

    Args:
        values: by split, what dsi.report.summary.spreads gives of means.
        groups: as in dsi.evaluation.group_losses.
        confidence: of its intervals.
    """
    if not all(study.evaluated.get(split) for split in NAMES) or groups.empty:
        return ""
    heading = HEADING.format(**{name: f"{study.evaluated[split]:,}" for split, name in NAMES.items()})
    about = "for training in general" if len(study.seeds) > 1 else "over the queries alone: one seed"
    losses = LOSSES.format(confidence=brief_percent(confidence), about=about)
    parts = [heading, _quality_table(values), losses]
    for (baseline, measure), rows in groups.groupby(["baseline", "measure"], sort=False):
        unpruned = rows[rows["criterion"].isna()]
        for criterion, of_criterion in rows.groupby("criterion"):
            table = _loss_table(pd.concat([unpruned, of_criterion.sort_values("rate", kind="stable")]))
            parts.append(f"{measure} of {baseline}, {criterion}:\n\n{table}")
    return "\n\n".join(parts) + "\n"


def _quality_table(values: Mapping[str, Spreads]) -> str:
    """A row per unpruned system, each measure on both groups."""
    columns = [(measure, split) for measure in MEASURES for split in NAMES]
    rows = [
        [name, *(plus_minus(values[split].get((group, measure))) for measure, split in columns)]
        for name, group in unpruned_systems(values[SEEN])
    ]
    return pipe_table(["", *(f"{measure} {NAMES[split]}" for measure, split in columns)], rows)


def _loss_table(frame: pd.DataFrame) -> str:
    """A row per system of one criterion and measure: means, changes, and their difference."""
    rows = [GroupLoss(*row) for row in frame[list(GroupLoss._fields)].itertuples(index=False, name=None)]
    cells = [
        [
            _name(row),
            *(f"{value:.4f}" for value in (row.mean_seen, row.mean_unseen)),
            *(_percent(change) for change in (row.change_seen, row.change_unseen)),
            _difference(row),
        ]
        for row in rows
    ]
    header = ["", "seen", "unseen", "change seen", "change unseen", "unseen minus seen"]
    return pipe_table(header, cells)


def _name(row: GroupLoss) -> str:
    name = ARMS[row.arm].name
    if row.rate is None or math.isnan(row.rate):
        return name
    return f"{spell_rate(row.rate)}, {name}"


def _percent(share: float) -> str:
    return ABSENT if math.isnan(share) else f"{100 * share:+.1f} %"


def _difference(row: GroupLoss) -> str:
    if math.isnan(row.difference):
        return ABSENT
    found = f"{100 * row.difference:+.1f}"
    return found if math.isnan(row.lower) else f"{found} [{100 * row.lower:+.1f}, {100 * row.upper:+.1f}]"
