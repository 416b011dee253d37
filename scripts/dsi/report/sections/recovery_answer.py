"""Whether recovery brings back what pruning takes, in one sentence a criterion."""

from collections.abc import Mapping, Sequence

import pandas as pd

from dsi.evaluation.verdicts import Verdict, VerdictRow
from dsi.report.markdown import brief_percent
from dsi.report.sections.kept_rates import kept, lost, up_to
from dsi.systems import spell_rate


def unrecovered_losses(values: pd.DataFrame, baseline: str, criterion: str) -> dict[float, float]:
    """By rate, what pruning alone loses: 1 - MAP of pruned / MAP of dense E1, over test queries and seeds.

    Args:
        values: as in dsi.evaluation.paired_values, of MAP.

    Returns:
        Empty where there is no pruned model, as of a criterion that prunes in recovery, or no dense MAP.
    """
    rows = values[(values["split"] == "test") & (values["baseline"] == baseline)]
    dense = float(rows.loc[rows["arm"] == "dense", "value"].mean())
    pruned = rows[(rows["arm"] == "pruned") & (rows["criterion"] == criterion)]
    if pruned.empty or not dense > 0:
        return {}
    return {rate: 1 - float(group["value"].mean()) / dense for rate, group in pruned.groupby("rate")}  # type: ignore[misc]


def recovery_sentence(
    checkpoints: Sequence[VerdictRow], before: Mapping[float, float], margin: float, level: float
) -> str:
    """At the highest rate that is kept and at the highest tried: the loss without recovery, and with it.

    Args:
        checkpoints: of `verdicts`, by the question of these checkpoints, against the control that decides,
            lowest rate first.
        before: what `unrecovered_losses` returns.
        margin: as a share, for the words.
        level: of the tests.

    Returns:
        Empty where nothing can be said.
    """
    if not before or any(row.verdict == Verdict.NOTHING for row in checkpoints):
        return ""
    highest, reached = checkpoints[-1], up_to(checkpoints, level)
    at = [] if reached is None else [next(row for row in checkpoints if row.rate == reached)]
    at += [highest] if highest not in at else []
    parts = "; ".join(_at_rate(row, before[row.rate], margin, level) for row in at)
    return f"**Recovery, {highest.baseline}, {highest.criterion}**: {parts}."


def _at_rate(row: VerdictRow, before: float, margin: float, level: float) -> str:
    """`at 0.9 it brings back a part, 79 % of MAP lost without it, 27 % with it`."""
    start, cost = f"at {spell_rate(row.rate)}", f"{100 * before:.0f} %"
    excluded = f"a loss above {brief_percent(margin)} is excluded"
    if kept(row, level) and before <= margin:
        return f"{start} there is little to bring back, pruning alone costs {cost} of MAP; with it {excluded}"
    if kept(row, level):
        return f"{start} it brings MAP back, pruning alone costs {cost} of it; with recovery {excluded}"
    share = -row.share_of_control
    what = "it brings back a part" if share < before else "it brings back nothing"
    what = what if lost(row) else "that is open"
    return f"{start} {what}, {cost} of MAP lost without it, {100 * share:.0f} % with it"
