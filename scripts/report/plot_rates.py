"""Draw quality against pruning rate, with and without recovery, beside the unpruned controls.

    python scripts plot_rates --metrics results/tables/metrics.csv \\
        --sparsity results/tables/sparsity.csv --baseline dsi --criterion magnitude \\
        --svg results/figures/rates-dsi-magnitude.svg --png results/figures/rates-dsi-magnitude.png

Left, a measure itself, from 0; right, how far it lies from the restart control, seed by seed.
Bars and bands are Student t intervals of the mean over seeds.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dsi.base.command import UserError, command_parser, run
from dsi.evaluation.estimates import mean_interval
from dsi.report.figures.rate_lines import LINES, draw_line, name_lines
from dsi.report.figures.style import COLOURS, save_figure, use_theme
from dsi.report.frames import paired_differences
from dsi.systems import ARMS

PANELS = ("MAP", "nDCG@10", "R@10")
DODGE = 0.004  # between arms of one rate, on the axis of rates


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--sparsity", type=Path, help="sparsity.csv, for an axis of zeros in the whole model")
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--criterion", required=True)
    parser.add_argument("--split", default="test", help="of the queries (default test)")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default 0.95)")
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    arguments = parser.parse_args()

    metrics = chosen(pd.read_csv(arguments.metrics), arguments.baseline, arguments.criterion)
    metrics = metrics[metrics["split"] == arguments.split]
    if not (metrics["arm"] == "recovered").any():
        raise UserError(
            f"{arguments.metrics}: no recovered system of baseline {arguments.baseline!r}, "
            f"criterion {arguments.criterion!r} and split {arguments.split!r}"
        )
    zeros = None
    if arguments.sparsity:
        rows = chosen(pd.read_csv(arguments.sparsity), arguments.baseline, arguments.criterion)
        zeros = rows.groupby("rate")["model"].mean()
    draw(metrics, zeros, arguments)


def chosen(frame: pd.DataFrame, baseline: str, criterion: str) -> pd.DataFrame:
    """The rows of a baseline and criterion, and those that belong to every one."""
    ours = frame["baseline"].isna() | (frame["baseline"] == baseline)
    return frame[ours & (frame["criterion"].isna() | (frame["criterion"] == criterion))]


def draw(metrics: pd.DataFrame, zeros: "pd.Series[float] | None", arguments: argparse.Namespace) -> None:
    """A row per measure: its values, and its differences from the restart control."""
    use_theme()
    figure, axes = plt.subplots(
        len(PANELS),
        2,
        figsize=(11, 3.3 * len(PANELS)),
        sharex=True,
        width_ratios=[1, 1],
        layout="constrained",
    )
    differences = paired_differences(metrics)
    for (left, right), measure in zip(axes, PANELS, strict=True):
        draw_values(left, metrics, measure, arguments.confidence)
        draw_differences(right, differences, measure, arguments.confidence)
        left.set_ylabel(f"{measure} (0–1, higher is better)")
        right.set_ylabel(f"{measure} minus restart's")
    rates = sorted(metrics["rate"].dropna().unique())
    for axis in axes[-1]:
        axis.set_xlabel("pruning rate: share of each pruned layer's weights set to zero")
        axis.set_xticks(rates, [f"{rate:g}" for rate in rates])
    if zeros is not None:
        for axis in axes[0]:
            add_zeros_axis(axis, zeros)
    axes[0, 0].set_title(f"quality on the {arguments.split} queries")
    axes[0, 1].set_title("recovered against the unpruned control of the same seed")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    seeds = metrics["seed"].nunique()
    spread = (
        f"mean of {seeds} seeds with {arguments.confidence:.0%} intervals; dots: single seeds"
        if seeds > 1
        else "one seed, no intervals"
    )
    figure.suptitle(f"{arguments.baseline}, pruned by {arguments.criterion}: {spread}")
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


def draw_values(axis: Axes, metrics: pd.DataFrame, measure: str, confidence: float) -> None:
    """Pruned and recovered against the rate; unpruned systems as lines named at the right."""
    labels = []
    for arm, style in LINES.items():
        values = metrics.loc[metrics["arm"] == arm, measure].dropna()
        if len(values):
            draw_line(axis, list(values), COLOURS[arm], style, confidence)
            labels.append((float(values.mean()), ARMS[arm].name, COLOURS[arm]))
    for arm, name, shift in (
        ("pruned", "pruned, not recovered", -1),
        ("recovered", "recovered", 1),
    ):
        rows = metrics[metrics["arm"] == arm].dropna(subset=[measure])
        draw_points(axis, rows["rate"], rows[measure], COLOURS[arm], confidence, name, shift)
    axis.set_ylim(bottom=0)
    name_lines(axis, labels)


def draw_differences(axis: Axes, differences: pd.DataFrame, measure: str, confidence: float) -> None:
    """Recovered minus restart against the rate; zero is restart, a line is dense E1 + E2."""
    rows = differences[(differences["measure"] == measure) & (differences["control"] == "restart")]
    axis.axhline(0, color=COLOURS["restart"], linewidth=1.4, zorder=1)
    labels = [(0.0, ARMS["restart"].name, COLOURS["restart"])]
    continued = rows.loc[rows["arm"] == "dense-continued", "value"]
    if len(continued):
        colour, style = COLOURS["dense-continued"], LINES["dense-continued"]
        draw_line(axis, list(continued), colour, style, confidence)
        labels.append((float(continued.mean()), ARMS["dense-continued"].name, colour))
    recovered = rows[rows["arm"] == "recovered"]
    draw_points(
        axis,
        recovered["rate"],
        recovered["value"],
        COLOURS["recovered"],
        confidence,
        "recovered",
        0,
    )
    name_lines(axis, labels)


def draw_points(
    axis: Axes,
    rates: "pd.Series[float]",
    values: "pd.Series[float]",
    colour: str,
    confidence: float,
    label: str,
    shift: int,
) -> None:
    """Means with error bars, joined; faint dots for the seeds. `shift` parts arms of one rate."""
    if values.empty:  # a criterion that prunes in the recovery has no model before it
        return
    by_rate = values.groupby(rates)
    means = by_rate.mean()
    intervals = [mean_interval(list(group), confidence) for _, group in by_rate]
    position = means.index + shift * DODGE
    # Beside the bars, not on them: one step further out for a dodged arm, to the right otherwise.
    beside = rates + (shift + (shift or 1)) * DODGE
    axis.scatter(beside, values, color=colour, s=10, alpha=0.4, linewidths=0, zorder=2)
    axis.plot(position, means, color=colour, marker="o", markersize=4.5, label=label, zorder=3)
    lower, upper = np.array(intervals).T
    axis.vlines(position, lower, upper, color=colour, linewidth=1.6, zorder=3)


def add_zeros_axis(axis: Axes, zeros: "pd.Series[float]") -> None:
    """A second axis on top: zeros in the whole model at each rate."""
    top = axis.secondary_xaxis("top")
    top.set_xticks(list(zeros.index), [f"{100 * share:.0f}" for share in zeros])
    top.set_xlabel("zeros in the whole model (%)")


if __name__ == "__main__":
    run(main)
