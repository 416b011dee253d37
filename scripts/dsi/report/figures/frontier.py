"""Quality against what pruning saves, every criterion in one figure; against bytes, with fewer bits too."""

from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dsi.evaluation.estimates import VALUES, mean_interval
from dsi.report.byte_frontier import average_points, precision_points
from dsi.report.figures.colours import COLOURS
from dsi.report.figures.rate_lines import LINES, draw_line, name_lines
from dsi.report.figures.style import use_theme
from dsi.systems import ARMS

MEASURE = "MAP"
MARKERS = "osD^vPX*<"
TITLES = {"recovered": "recovered", "pruned": "pruned, not recovered"}


BYTES = "bytes"  # against which bytes_figure draws
PANELS = 3  # of criteria side by side


class Precision(NamedTuple):
    """How models with so many bits for a weight are drawn, in each of three ways that tell them apart."""

    bits: int
    colour: str
    marker: str
    style: str


PRECISIONS = (
    Precision(16, COLOURS["recovered"], "o", "-"),
    Precision(8, COLOURS["restart"], "s", "--"),
    Precision(4, COLOURS["pruned"], "^", ":"),
)


class Cost(NamedTuple):
    """A column of costs, what it is called, and the arms it is known of."""

    column: str
    label: str
    arms: tuple[str, ...]


COSTS = {
    "sparsity": Cost(
        "model", "zeros in the whole model (share of dense E1's weights)", ("recovered", "pruned")
    ),
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
    _finish(figure, axes, 5, title, metrics["seed"].nunique(), confidence)
    return figure


def bytes_figure(metrics: pd.DataFrame, benefit: pd.DataFrame, *, title: str, confidence: float) -> Figure:
    """A panel for each criterion: its models in 16, 8 and 4 bits, the dense one, and the best of all.

    Args:
        metrics: as dsi.report.frames.metrics_frame, of the references, on the test queries.
        benefit: as dsi.report.benefit_frame.benefit_frame, of one baseline.
        title, confidence: as of `frontier_figure`.
    """
    use_theme()
    averages = average_points(precision_points(benefit), confidence)
    criteria = sorted(averages["criterion"].dropna().unique())
    columns = max(1, min(PANELS, len(criteria)))
    rows = max(1, -(-len(criteria) // columns))
    size = (7.5 if columns == 1 else 4.4 * columns, 4.8 if rows == 1 else 3.6 * rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for axis, criterion in zip(axes.flat, criteria or [None], strict=False):
        _draw_precisions(axis, averages, criterion)
        bm25 = metrics.loc[metrics["arm"] == "bm25", MEASURE].dropna()
        if len(bm25):
            axis.axhline(bm25.mean(), color=COLOURS["bm25"], linewidth=0.9, linestyle="-.", label="BM25")
        axis.set_title("dense E1" if criterion is None else criterion)
    for axis in axes.flat[max(1, len(criteria)) :]:
        axis.set_axis_off()
    _label_bytes(axes, averages)
    _finish(figure, axes, 4, title, benefit["seed"].nunique(), confidence)
    return figure


def _finish(figure: Figure, axes: Any, columns: int, title: str, seeds: int, confidence: float) -> None:
    """One legend below all panels, and above them how many seeds the points are means of."""
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    over = f"mean of {seeds} seeds with {confidence:.0%} intervals" if seeds > 1 else "one seed"
    figure.suptitle(f"{title}: {over}")


def _label_bytes(axes: npt.NDArray[np.object_], averages: pd.DataFrame) -> None:
    """Axes of all panels: MB in plain numbers on a logarithmic scale, MAP from a little below the lowest."""
    first = axes[0, 0]
    lowest = np.nanmin(averages[[MEASURE, "lower"]])
    first.set(xscale="log", xlim=(averages["mb"].min() / 1.15, averages["mb"].max() * 1.15))
    first.set(ylim=(0.9 * max(0.0, lowest), None))
    first.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    first.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    first.xaxis.set_minor_formatter(NullFormatter())
    for axis in axes[:, 0]:
        axis.set_ylabel(f"{MEASURE} (0–1, higher is better)")
    for column in axes.T:
        lowest = [axis for axis in column if axis.axison][-1:]
        for axis in lowest:
            axis.set_xlabel("compressed checkpoint (MB)")
            axis.tick_params(labelbottom=True)


def _draw_precisions(axis: Axes, averages: pd.DataFrame, criterion: str | None) -> None:
    """Curves of a criterion in each precision, dense models as hollow marks, the best of all in grey."""
    best = averages[averages["optimal"]]
    steps: dict[str, Any] = {"color": COLOURS["random"], "linewidth": 3, "alpha": 0.5, "zorder": 1}
    axis.step(best["mb"], best[MEASURE], where="post", label="best of all criteria", **steps)
    for bits, colour, marker, style in PRECISIONS:
        models = averages[averages["bits"] == bits]
        pruned = models[models["criterion"] == criterion].sort_values("rate")
        dense = models[models["criterion"].isna()]
        both = pd.concat([pruned, dense]).dropna(subset=["lower"])
        axis.vlines(
            both["mb"], both["lower"], both["upper"], color=colour, linewidth=1.2, alpha=0.6, zorder=2
        )
        drawn: dict[str, Any] = {"color": colour, "marker": marker, "zorder": 3}
        if len(pruned):
            label = f"pruned, {bits} bits"
            axis.plot(pruned["mb"], pruned[MEASURE], linestyle=style, markersize=5, label=label, **drawn)
        hollow: dict[str, Any] = {
            "linestyle": "none",
            "markersize": 10,
            "markerfacecolor": "none",
            "markeredgewidth": 1.8,
        }
        axis.plot(dense["mb"], dense[MEASURE], label=f"dense E1, {bits} bits", **hollow, **drawn)


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
