"""Which queries pruning loses first: the share still found at each rate, by three groupings."""

import math
from typing import Literal, NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dsi.report.figures.style import use_theme
from dsi.report.lost_queries import ANOTHER_SEED, NOTHING_PRUNED, kept_frame

COLOURS = ("#0072B2", "#E69F00", "#CC79A7")  # of the groups
STYLES: dict[str, tuple[Literal["-", ":", "--", "-."], str]] = {
    "recovered": ("-", "recovered"),
    "pruned": (":", "pruned, not recovered"),
    "restart": ("--", "nothing pruned: restart"),
    ANOTHER_SEED: ("-.", "nothing pruned: dense of another seed"),
}


class Chosen(NamedTuple):
    """What of a study is drawn."""

    baseline: str
    criterion: str
    split: str


def lost_queries_figure(pairs: pd.DataFrame, seeds: int, chosen: Chosen) -> Figure:
    """A panel per grouping; a colour per group, a line style per arm. Words where nothing was found.

    One panel stands above the other, so that the figure can be read in a column of a page.

    Args:
        pairs: what `pairs_frame` of dsi.report.lost_queries returns.
    """
    use_theme()
    if pairs.empty:
        return _empty_figure(chosen)
    kept = kept_frame(pairs)
    names = list(dict.fromkeys(kept["grouping"]))
    figure, axes = plt.subplots(
        len(names), 1, figsize=(7, 2.5 * len(names) + 0.8), sharex=True, sharey=True, layout="constrained"
    )
    for axis, grouping in zip(axes, names, strict=True):
        _draw_groups(axis, kept[kept["grouping"] == grouping], f"by {grouping}")
    axes[-1].set_xlabel("pruning rate")
    figure.supylabel("share of the queries found by the dense model that is still found", fontsize="medium")
    # From the tenth below the lowest share, so that lines near 1 can be told apart.
    axes[0].set_ylim(max(0.0, math.floor(10 * kept["kept"].min() - 0.2) / 10), 1.02)
    there = [arm for arm in STYLES if arm in set(kept["arm"])]
    lines = [Line2D([], [], color="#555555", linestyle=STYLES[arm][0]) for arm in there]
    labels = [STYLES[arm][1] for arm in there]
    figure.legend(lines, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(
        f"{chosen.baseline}, pruned by {chosen.criterion}: which {chosen.split} queries are lost first\n"
        f"(found: in the first 10; pairs of query and seed; {seeds} seed{'s' if seeds > 1 else ''})",
        fontsize="medium",
    )
    return figure


def _empty_figure(chosen: Chosen) -> Figure:
    """What there is to say of a retriever that finds nothing before it is pruned."""
    figure = plt.figure(figsize=(8, 1.5))
    text = f"{chosen.baseline}: no dense model finds any {chosen.split} query in its first 10,"
    figure.text(0.5, 0.5, f"{text}\nso pruning by {chosen.criterion} has nothing to lose", ha="center")
    return figure


def _draw_groups(axis: Axes, kept: pd.DataFrame, title: str) -> None:
    """Lines against the rate, and across the panel what models of which nothing is pruned keep."""
    for colour, group in zip(COLOURS, dict.fromkeys(kept["group"]), strict=False):
        rows = kept[kept["group"] == group]
        for arm, (style, _) in STYLES.items():
            line = rows[rows["arm"] == arm]
            if line.empty:  # one seed has no other; a gradual criterion no model before recovery
                continue
            if arm in NOTHING_PRUNED:
                axis.axhline(line["kept"].iloc[0], color=colour, linestyle=style, linewidth=1, zorder=1)
                continue
            label = f"{group}\n({line['pairs'].iloc[0]:,} pairs)" if arm == "recovered" else None
            axis.plot(
                line["rate"],
                line["kept"],
                color=colour,
                linestyle=style,
                marker="o",
                markersize=4,
                label=label,
            )
    axis.set_title(title, fontsize="medium", loc="left")
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize="small", frameon=False)
