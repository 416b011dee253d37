"""Draw quality against what pruning saves, every criterion in one figure.

    python scripts plot_frontier --baseline dsi --cost sparsity --metrics results/tables/metrics.csv \\
        --costs results/tables/sparsity.csv \\
        --svg results/figures/frontier-sparsity-dsi.svg --png results/figures/frontier-sparsity-dsi.png

Left the recovered models, right those without recovery, as far as the cost is known of them: files and
times are measured of recovered ones. Bars are Student t intervals of the mean over seeds. Costs other than
sparsity come from benefit.csv.
"""

from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from dsi.base.command import UserError, command_parser, run
from dsi.evaluation.estimates import mean_interval
from dsi.report.figures.style import COLOURS, save_figure, use_theme
from dsi.systems import ARMS
from report.plot_rates import LINES, draw_line, name_lines

MEASURE = "MAP"
MARKERS = "osD^vPX*<"
NAMES = {"recovered": "recovered", "pruned": "pruned, not recovered"}


class Cost(NamedTuple):
    """A column of costs, what it is called, and the arms it is known of."""

    column: str
    label: str
    arms: tuple[str, ...]


COSTS = {
    "sparsity": Cost("model", "zeros in the whole model (share of all weights)", ("recovered", "pruned")),
    "bytes": Cost("exact_mb", "compressed checkpoint (MB), every bit kept", ("recovered",)),
    "latency": Cost("query_ms", "latency of one query (ms), the best kernel of this machine", ("recovered",)),
}


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--costs", type=Path, required=True, help="sparsity.csv or benefit.csv")
    parser.add_argument("--cost", choices=COSTS, required=True)
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default 0.95)")
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    arguments = parser.parse_args()

    cost = COSTS[arguments.cost]
    metrics = pd.read_csv(arguments.metrics)
    metrics = metrics[metrics["baseline"].isna() | (metrics["baseline"] == arguments.baseline)]
    metrics = metrics[metrics["split"] == arguments.split]
    costs = pd.read_csv(arguments.costs)
    costs = costs[costs["baseline"] == arguments.baseline]
    if costs.empty:
        raise UserError(f"{arguments.costs}: no rows of baseline {arguments.baseline!r}")

    use_theme()
    figure, axes = plt.subplots(
        1,
        len(cost.arms),
        figsize=(7.5 * len(cost.arms), 5.2),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axis, arm in zip(axes[0], cost.arms, strict=True):
        draw(axis, metrics, points(metrics, costs, arm, cost.column), arguments.confidence)
        axis.set(xlabel=cost.label, title=NAMES[arm])
    axes[0, 0].set_ylabel(f"{MEASURE} (0–1, higher is better)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    seeds = metrics["seed"].nunique()
    spread = f"mean of {seeds} seeds with {arguments.confidence:.0%} intervals" if seeds > 1 else "one seed"
    figure.suptitle(f"{arguments.baseline} on the {arguments.split} queries: {spread}")
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


def points(metrics: pd.DataFrame, costs: pd.DataFrame, arm: str, column: str) -> pd.DataFrame:
    """One row per model of an arm: criterion, rate, seed, quality, cost (mean over seeds)."""
    mean = costs.groupby(["criterion", "rate"])[column].mean().rename("cost").reset_index()
    models = metrics[metrics["arm"] == arm].dropna(subset=[MEASURE])
    joined = models.merge(mean, on=["criterion", "rate"])
    return joined[["criterion", "rate", "seed", MEASURE, "cost"]]


def draw(axis: Axes, metrics: pd.DataFrame, models: pd.DataFrame, confidence: float) -> None:
    """Unpruned systems as lines named at the right; a curve with intervals for every criterion."""
    labels = []
    for arm, style in LINES.items():
        values = metrics.loc[metrics["arm"] == arm, MEASURE].dropna()
        if len(values):
            draw_line(axis, list(values), COLOURS[arm], style, confidence)
            labels.append((float(values.mean()), ARMS[arm].name, COLOURS[arm]))
    criteria = sorted(metrics["criterion"].dropna().unique())
    palette = sns.color_palette("husl", len(criteria))
    for place, (criterion, colour) in enumerate(zip(criteria, palette, strict=True)):
        rows = models[models["criterion"] == criterion]
        if rows.empty:
            continue
        by_rate = rows.groupby("rate")
        costs, means = by_rate["cost"].mean(), by_rate[MEASURE].mean()
        lower, upper = np.array([mean_interval(list(group[MEASURE]), confidence) for _, group in by_rate]).T
        axis.vlines(costs, lower, upper, color=colour, linewidth=1.2, alpha=0.6, zorder=2)
        marker = MARKERS[place % len(MARKERS)]
        axis.plot(costs, means, color=colour, marker=marker, markersize=5, label=criterion, zorder=3)
    axis.set_ylim(bottom=0)
    name_lines(axis, labels)


if __name__ == "__main__":
    run(main)
