"""Draw the training curves of a baseline: losses and validation measures per epoch, E1 and E2.

    python scripts/plot_curves.py --title dsi \\
        --history dense=results/baselines/dsi/seed1/dense/history.parquet \\
        restart=results/baselines/dsi/seed1/restart/history.parquet \\
        recovered-0.2=results/recovered/dsi/seed1/magnitude-0.2/history.parquet … \\
        --svg results/figures/curves-dsi.svg --png results/figures/curves-dsi.png

Each history is ARM=FILE, with ARM dense, dense-continued, restart or recovered-RATE; one file a seed.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from dsi.command import run
from dsi.plotting import COLOURS, NAMES, save_figure, use_theme

PANELS = {
    "train_loss": "training loss (nats)",
    "validation_loss": "validation loss (nats)",
    "validation_MAP": "validation MAP",
    "validation_R@10": "validation Recall@10",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--history", nargs="+", required=True, help="ARM=FILE, a parquet each")
    parser.add_argument("--title", required=True, help="name of the baseline")
    parser.add_argument("--svg", type=Path, required=True)
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG")
    arguments = parser.parse_args()

    draw(read_histories(arguments.history), arguments.title, arguments)


def read_histories(named: list[str]) -> pd.DataFrame:
    """All histories in one frame with the columns arm and run added."""
    frames = []
    for number, entry in enumerate(named):
        arm, _, path = entry.partition("=")
        frames.append(pd.read_parquet(path).assign(arm=arm, run=number))
    return pd.concat(frames, ignore_index=True)


def draw(histories: pd.DataFrame, title: str, arguments: argparse.Namespace) -> None:
    """One row a measure: the whole training on the left, E2 alone on the right."""
    use_theme()
    colours = arm_colours(list(histories["arm"].unique()))
    figure, axes = plt.subplots(
        len(PANELS), 2, figsize=(11, 11), sharex="col", width_ratios=[3, 2], layout="constrained"
    )
    second = histories[histories["phase"] == "E2"]
    last_dense = int(histories.loc[histories["phase"] == "E1", "epoch"].max())
    for row, (measure, label) in zip(axes, PANELS.items(), strict=True):
        draw_panel(row[0], histories, measure, colours)
        draw_panel(row[1], second, measure, colours)
        row[0].set_ylabel(label)
        row[0].axvline(last_dense, color="#BBBBBB", linestyle="--", linewidth=1, zorder=0)
    axes[0, 0].set_title("the whole training")
    axes[0, 1].set_title("after pruning (E2), close-up")
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].annotate(
        "pruning",
        (last_dense, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        color="#777777",
    )
    handles = [Line2D([], [], color=colour, label=arm_name(arm)) for arm, colour in colours.items()]
    figure.legend(handles=handles, loc="outside right center", frameon=False)
    seeds = int(histories.groupby("arm")["run"].nunique().max())
    spread = f"lines: mean of {seeds} seeds; bands: their range" if seeds > 1 else "one seed"
    figure.suptitle(f"{title}: training before pruning (E1) and after (E2); {spread}")
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


def draw_panel(axis: Axes, histories: pd.DataFrame, measure: str, colours: dict[str, str]) -> None:
    """One measure: a line for the mean over seeds of each arm, a band from lowest to highest."""
    known = histories.dropna(subset=[measure])
    if known.empty:
        axis.text(0.5, 0.5, "no validation queries", transform=axis.transAxes, ha="center")
        return
    for arm, colour in colours.items():
        by_epoch = known[known["arm"] == arm].groupby("epoch")[measure]
        mean = by_epoch.mean()
        marker = "o" if len(mean) < 30 else None
        axis.plot(mean.index, mean, color=colour, marker=marker, markersize=3, linewidth=1.4)
        axis.fill_between(mean.index, by_epoch.min(), by_epoch.max(), color=colour, alpha=0.12, lw=0)


def arm_colours(arms: list[str]) -> dict[str, str]:
    """Arms in the order of the legend: dense ones first, then recovered from light to dark."""
    dense = [arm for arm in ("dense", "dense-continued", "restart") if arm in arms]
    rates = sorted((arm for arm in arms if arm not in dense), key=lambda arm: float(arm.split("-")[-1]))
    palette = sns.color_palette("flare", len(rates)).as_hex()
    return {**{arm: COLOURS[arm] for arm in dense}, **dict(zip(rates, palette, strict=True))}


def arm_name(arm: str) -> str:
    if arm in NAMES:
        return NAMES[arm]
    return f"pruned {arm.rpartition('-')[2]}, recovery (E2)"


if __name__ == "__main__":
    run(main)
