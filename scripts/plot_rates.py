"""Draw quality against pruning rate, with and without recovery, beside the unpruned controls.

    python scripts/plot_rates.py --metrics results/tables/metrics.csv --baseline dsi \\
        --criterion magnitude --svg results/figures/rates-dsi-magnitude.svg \\
        --png results/figures/rates-dsi-magnitude.png
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from dsi.command import UserError, run
from dsi.plotting import COLOURS, NAMES, save_figure, use_theme
from dsi.statistics import mean_interval, summary

PANELS = ("MAP", "nDCG@10", "R@10")
REFERENCES = ("bm25", "restart", "dense-continued", "dense", "random")
LINE_STYLES = {"bm25": "-", "restart": "-", "dense-continued": "--", "dense": ":", "random": "-."}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--metrics", type=Path, required=True, help="metrics.csv")
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--criterion", required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals")
    parser.add_argument("--svg", type=Path, required=True)
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG")
    arguments = parser.parse_args()

    metrics = pd.read_csv(arguments.metrics)
    metrics = metrics[metrics["split"] == arguments.split]
    ours = metrics["baseline"].isna() | (metrics["baseline"] == arguments.baseline)
    chosen = metrics["criterion"].isna() | (metrics["criterion"] == arguments.criterion)
    frame = metrics[ours & chosen]
    if not (frame["arm"] == "recovered").any():
        raise UserError(
            f"{arguments.metrics}: no recovered system of baseline {arguments.baseline!r} and "
            f"criterion {arguments.criterion!r}"
        )
    draw(frame, arguments)


def draw(frame: pd.DataFrame, arguments: argparse.Namespace) -> None:
    """Above, the whole scale down to random; below, the same cut to where the models lie."""
    use_theme()
    figure, axes = plt.subplots(2, len(PANELS), figsize=(12, 7.5), sharex=True, layout="constrained")
    for column, measure in enumerate(PANELS):
        for axis in axes[:, column]:
            draw_panel(axis, frame, measure, arguments.confidence)
        axes[0, column].set_ylim(0, 1)
        axes[0, column].set_title(measure)
        axes[1, column].set_ylim(*close_up(frame, measure))
        axes[1, column].set_xlabel("pruning rate (share of each layer's weights)")
    axes[0, 0].set_ylabel(f"quality on the {arguments.split} queries")
    axes[1, 0].set_ylabel("close-up")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    seeds = int(frame["seed"].nunique())
    spread = f"mean of {seeds} seeds, {arguments.confidence:.0%} t intervals; dots: single seeds"
    figure.suptitle(
        f"{arguments.baseline}, {arguments.criterion}: quality against pruning rate "
        f"({spread if seeds > 1 else 'one seed'})"
    )
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


def close_up(frame: pd.DataFrame, measure: str) -> tuple[float, float]:
    """Limits around every value but random's, with a margin."""
    values = frame.loc[frame["arm"] != "random", measure]
    margin = 0.1 * (values.max() - values.min()) or 0.01
    return values.min() - margin, values.max() + margin


def draw_panel(axis: Axes, frame: pd.DataFrame, measure: str, confidence: float) -> None:
    rates = sorted(frame["rate"].dropna().unique())
    for arm in REFERENCES:
        values = list(frame.loc[frame["arm"] == arm, measure])
        if values:
            axis.axhline(
                summary(values).mean,
                label=NAMES[arm],
                color=COLOURS[arm],
                linestyle=LINE_STYLES[arm],
                linewidth=1.2,
                zorder=1,
            )
    for arm in ("pruned", "recovered"):
        rows = frame[frame["arm"] == arm]
        by_rate = [list(rows.loc[rows["rate"] == rate, measure]) for rate in rates]
        means = [summary(values).mean for values in by_rate]
        intervals = [mean_interval(values, confidence) for values in by_rate]
        colour = COLOURS[arm]
        axis.plot(rates, means, color=colour, marker="o", markersize=4, label=NAMES[arm], zorder=3)
        axis.fill_between(
            rates,
            [lower for lower, _ in intervals],
            [upper for _, upper in intervals],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        axis.scatter(rows["rate"], rows[measure], color=colour, s=9, alpha=0.5, zorder=2, linewidths=0)
    axis.set_xlim(left=0)


if __name__ == "__main__":
    run(main)
