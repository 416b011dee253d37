"""Models that write lists of docids, where no published row is repeated."""

import pandas as pd

from dsi.report.frames import GROUP, first_system
from dsi.report.markdown import pipe_table, plus_minus
from dsi.report.reproduction.frame import spread_of
from dsi.systems import spell_rate

# Column → measure and its decimals.
SHOWN = {
    "MAP as published": ("MAP-published", 4),
    "MAP by definition": ("MAP-defined", 4),
    "Recall@1000 by definition": ("R@1000-defined", 5),
    "its ceiling": ("R@1000-ceiling", 5),
    "repeated ids": ("repeated", 4),
    "loss as published": ("loss-published", 4),
}


def lists_section(frame: pd.DataFrame) -> str:
    """Models that write lists of docids, measured as the published study measured its own.

    Args:
        frame: what `reproduction_frame` returns.
    """
    rows = []
    for _, systems in frame[frame["split"] == "test"].groupby([*GROUP, "k"], dropna=False, sort=False):
        system = first_system(systems)
        pruning = "" if system.rate is None else f", {system.criterion} {spell_rate(system.rate)}"
        spreads = [plus_minus(spread_of(systems, measure), digits) for measure, digits in SHOWN.values()]
        rows.append([f"{system.baseline}, {system.words}{pruning}", f"{systems['k'].iloc[0]}", *spreads])
    return f"""## Lists of docids, as the study measures them

*How well does a model write the list that BM25 would give?* Not how good its ranking is: that stands
under Baselines. Compared are the K docids generated with BM25's first K.

{pipe_table(["", "K", *SHOWN], rows)}

- As published, an id counts as a hit if it is a substring of the target text, and precisions are averaged
  over the hits alone: a list that repeats one right id is worth more than it should be.
- By definition, a repeated id counts once and MAP is divided by K. A list of K ids cannot pass K / 1,000 of
  Recall@1000; "repeated ids" is the share of generated ids that stand in their list already.
"""
