"""Quality against what pruning saves, every criterion in one figure."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dsi.evaluation.estimates import VALUES, mean_interval
from dsi.report.figures.rate_lines import LINES, draw_line, name_lines
from dsi.report.figures.style import COLOURS, use_theme
from dsi.systems import ARMS

MEASURE = "MAP"
MARKERS = "osD^vPX*<"
TITLES = {"recovered": "recovered", "pruned": "pruned, not recovered"}


class Cost(NamedTuple):
    """A column of costs, what it is called, and the arms it is known of."""

    column: str
    label: str
    arms: tuple[str, ...]


COSTS = {
    "sparsity": Cost(
        "model", "zeros in the whole model (share of dense E1's weights)", ("recovered", "pruned")
    ),
    "bytes": Cost("exact_mb", "compressed checkpoint (MB), every bit kept", ("recovered",)),
    "latency": Cost("query_ms", "latency of one query (ms), the fastest kernel on the CPU", ("recovered",)),
}


def frontier_figure(
    metrics: pd.DataFrame, costs: pd.DataFrame, cost: Cost, *, title: str, confidence: float
) -> Figure:
    """A panel for each arm of which the cost is known, a curve in it for each criterion.

    Args:
        metrics: as dsi.report.frames.metrics_frame, of one baseline, the references, and one split.
        costs: criterion, rate and the cost's column, of the same baseline.
        title: what it is about; over how many seeds is added.
        confidence: of the Student t intervals of the mean over seeds.
    """
    use_theme()
    count = len(cost.arms)
    figure, axes = plt.subplots(
        1, count, figsize=(7.5 * count, 5.2), sharey=True, squeeze=False, layout="constrained"
    )
    for axis, arm in zip(axes[0], cost.arms, strict=True):
        lines = _draw_lines(axis, metrics, confidence)
        _draw_criteria(axis, metrics, frontier_points(metrics, costs, arm, cost.column), confidence)
        axis.set_ylim(bottom=0)
        name_lines(axis, lines)
        axis.set(xlabel=cost.label, title=TITLES[arm])
    axes[0, 0].set_ylabel(f"{MEASURE} (0–1, higher is better)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    seeds = metrics["seed"].nunique()
    over = f"mean of {seeds} seeds with {confidence:.0%} intervals" if seeds > 1 else "one seed"
    figure.suptitle(f"{title}: {over}")
    return figure


def frontier_points(metrics: pd.DataFrame, costs: pd.DataFrame, arm: str, column: str) -> pd.DataFrame:
    """One row per model of an arm: criterion, rate, seed, quality, cost (mean over seeds)."""
    mean = costs.groupby(["criterion", "rate"])[column].mean().rename("cost").reset_index()
    models = metrics[metrics["arm"] == arm].dropna(subset=[MEASURE])
    joined = models.merge(mean, on=["criterion", "rate"])
    return joined[["criterion", "rate", "seed", MEASURE, "cost"]]


def _draw_lines(axis: Axes, metrics: pd.DataFrame, confidence: float) -> list[tuple[float, str, str]]:
    """Unpruned systems as lines; height, name and colour of each."""
    labels = []
    for arm, style in LINES.items():
        values = metrics.loc[metrics["arm"] == arm, MEASURE].dropna()
        if len(values):
            draw_line(axis, list(values), COLOURS[arm], style, confidence)
            labels.append((float(values.mean()), ARMS[arm].name, COLOURS[arm]))
    return labels


def _draw_criteria(axis: Axes, metrics: pd.DataFrame, models: pd.DataFrame, confidence: float) -> None:
    """A curve with intervals for every criterion; colours and markers are the same in every panel."""
    criteria = sorted(metrics["criterion"].dropna().unique())
    palette = sns.color_palette("husl", len(criteria))
    for place, (criterion, colour) in enumerate(zip(criteria, palette, strict=True)):
        rows = models[models["criterion"] == criterion]
        if rows.empty:
            continue
        by_rate = rows.groupby("rate")
        costs, means = by_rate["cost"].mean(), by_rate[MEASURE].mean()
        ends = [mean_interval(list(group[MEASURE]), confidence, VALUES) for _, group in by_rate]
        lower, upper = np.array(ends).T
        axis.vlines(costs, lower, upper, color=colour, linewidth=1.2, alpha=0.6, zorder=2)
        marker = MARKERS[place % len(MARKERS)]
        axis.plot(costs, means, color=colour, marker=marker, markersize=5, label=criterion, zorder=3)
