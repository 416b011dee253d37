"""Which queries pruning loses first: the share still found at each rate, by three groupings."""

from typing import Literal, NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dsi.report.figures.style import use_theme
from dsi.report.lost_queries import kept_frame

COLOURS = ("#0072B2", "#E69F00", "#CC79A7")  # of the groups
STYLES: dict[str, tuple[Literal["-", ":"], str]] = {
    "recovered": ("-", "recovered"),
    "pruned": (":", "pruned, not recovered"),
}


class Chosen(NamedTuple):
    """What of a study is drawn."""

    baseline: str
    criterion: str
    split: str


def lost_queries_figure(pairs: pd.DataFrame, seeds: int, chosen: Chosen) -> Figure:
    """A panel per grouping; a colour per group, a line style per arm. Words where nothing was found.

    Args:
        pairs: what `pairs_frame` of dsi.report.lost_queries returns.
    """
    use_theme()
    if pairs.empty:
        return _empty_figure(chosen)
    kept = kept_frame(pairs)
    names = list(dict.fromkeys(kept["grouping"]))
    figure, axes = plt.subplots(
        1, len(names), figsize=(4.6 * len(names), 4.6), sharey=True, layout="constrained"
    )
    for axis, grouping in zip(axes, names, strict=True):
        _draw_groups(axis, kept[kept["grouping"] == grouping])
        axis.set(title=f"by {grouping}", xlabel="pruning rate")
    axes[0].set_ylabel("share of the queries found by the dense model\nthat is still found (first 10)")
    axes[0].set_ylim(0, 1.02)
    lines = [Line2D([], [], color="#555555", linestyle=style) for style, _ in STYLES.values()]
    labels = [name for _, name in STYLES.values()]
    figure.legend(lines, labels, loc="outside lower center", ncols=len(lines), frameon=False)
    figure.suptitle(
        f"{chosen.baseline}, pruned by {chosen.criterion}: which {chosen.split} queries are lost"
        f" first (pairs of query and seed; {seeds} seed{'s' if seeds > 1 else ''})"
    )
    return figure


def _empty_figure(chosen: Chosen) -> Figure:
    """What there is to say of a retriever that finds nothing before it is pruned."""
    figure = plt.figure(figsize=(8, 1.5))
    text = f"{chosen.baseline}: no dense model finds any {chosen.split} query in its first 10,"
    figure.text(0.5, 0.5, f"{text}\nso pruning by {chosen.criterion} has nothing to lose", ha="center")
    return figure


def _draw_groups(axis: Axes, kept: pd.DataFrame) -> None:
    for colour, group in zip(COLOURS, dict.fromkeys(kept["group"]), strict=False):
        rows = kept[kept["group"] == group]
        for arm, (style, _) in STYLES.items():
            line = rows[rows["arm"] == arm]
            label = f"{group} ({line['pairs'].iloc[0]:,} pairs)" if arm == "recovered" else None
            axis.plot(
                line["rate"],
                line["kept"],
                color=colour,
                linestyle=style,
                marker="o",
                markersize=4,
                label=label,
            )
    axis.legend(loc="lower left", fontsize="small")
