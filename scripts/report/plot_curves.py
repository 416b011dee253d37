"""Draw the training curves of a baseline: losses and validation measures per epoch, E1 and E2.

    python scripts plot_curves --title dsi \\
        --history dense=results/baselines/dsi/seed1/dense/history.parquet \\
        restart=results/baselines/dsi/seed1/restart/history.parquet \\
        recovered-0.2=results/recovered/dsi/seed1/magnitude-0.2/history.parquet … \\
        --svg results/figures/curves-dsi.svg --png results/figures/curves-dsi.png

Each history is ARM=FILE, one file a seed; ARM: dense, dense-continued, restart, recovered-RATE.
Left, the whole training; right, E2 alone on axes of its own, where the arms can be told apart.
"""

import argparse
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from dsi.base.command import UserError, command_parser, run
from dsi.report.figures.style import COLOURS, NAMES, save_figure, use_theme

PANELS = {
    "train_loss": "training loss\n(nats, lower is better)",
    "validation_loss": "validation loss\n(nats, lower is better)",
    "validation_MAP": "validation MAP\n(0–1, higher is better)",
    "validation_R@10": "validation R@10\n(0–1, higher is better)",
    "validation_R@1000": "validation R@1000\n(0–1, higher is better)",
    "validation_MAP-published": "validation MAP\nas published",
    "validation_R@1000-published": "validation Recall@1000\nas published",
}
DENSE_ARMS = ("dense", "dense-continued", "restart")
ARM = re.compile(r"dense|dense-continued|restart|recovered-\d+(\.\d+)?")


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument(
        "--history", nargs="+", required=True, metavar="ARM=FILE", help="parquet of each training"
    )
    parser.add_argument("--title", required=True, help="name of the baseline")
    parser.add_argument("--svg", type=Path, required=True, help="SVG to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write")
    parser.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    arguments = parser.parse_args()

    draw(read_histories(arguments.history), arguments)


def read_histories(named: list[str]) -> pd.DataFrame:
    """All histories in one frame with the columns arm and run (a number per file) added."""
    frames = []
    for number, entry in enumerate(sorted(named)):
        arm, _, path = entry.partition("=")
        if not ARM.fullmatch(arm) or not path:
            raise UserError(
                f"--history: found {entry!r}, expected ARM=FILE with ARM one of dense, "
                "dense-continued, restart, recovered-RATE: recovered-0.2=…/history.parquet"
            )
        frames.append(pd.read_parquet(path).assign(arm=arm, run=number))
    histories = pd.concat(frames, ignore_index=True)
    if "dense" not in set(histories["arm"]):
        raise UserError("--history: no dense=FILE; E1 is what all other curves continue")
    return histories


def draw(histories: pd.DataFrame, arguments: argparse.Namespace) -> None:
    """A row per measure: the whole training, and beside it E2 alone if there is any."""
    use_theme()
    colours = arm_colours(set(histories["arm"]))
    # The two tasks measure their validation queries differently.
    panels = {measure: label for measure, label in PANELS.items() if measure in histories}
    last = int(histories.loc[histories["phase"] == "E1", "epoch"].max())
    recovery = histories[histories["phase"] == "E2"]
    columns = 1 if recovery.empty else 2
    size = (4.5 * columns, 2.3 * len(panels))
    figure, axes = plt.subplots(
        len(panels), columns, figsize=size, sharex="col", squeeze=False, layout="constrained"
    )
    for row, (measure, label) in zip(axes, panels.items(), strict=True):
        row[0].set_ylabel(label)
        draw_measure(row[0], histories, measure, colours)
        if not recovery.empty:
            row[0].axvline(last + 0.5, color="#777777", linestyle="--", linewidth=1, zorder=1)
            draw_measure(row[1], recovery, measure, colours)
    if not recovery.empty:
        axes[0, 0].set_title("whole training (dashed line: pruning)")
        axes[0, 1].set_title(f"after epoch {last}: recovery and controls, enlarged")
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    handles = [
        Line2D([], [], color=colour, marker="o", markersize=3, label=arm_name(arm))
        for arm, colour in colours.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    seeds = histories.groupby("arm")["run"].nunique().max()
    spread = f"mean of {seeds} seeds; band: lowest to highest" if seeds > 1 else "one seed"
    what = "training" if recovery.empty else "training before and after pruning"
    figure.suptitle(f"{arguments.title}: {what}\n({spread})")
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


def draw_measure(axis: Axes, histories: pd.DataFrame, measure: str, colours: dict[str, str]) -> None:
    """A line for the mean over seeds of each arm, a band from the lowest to the highest."""
    known = histories.dropna(subset=[measure])
    if known.empty:
        axis.text(0.5, 0.5, "no values", transform=axis.transAxes, ha="center")
        return
    # The dense arms, to compare with, lie over the many recovered ones.
    for arm in reversed(list(colours)):
        by_epoch = known[known["arm"] == arm].groupby("epoch")[measure]
        mean = by_epoch.mean()
        axis.plot(mean.index, mean, color=colours[arm], marker="o", markersize=3, linewidth=1.4)
        axis.fill_between(
            mean.index, by_epoch.min(), by_epoch.max(), color=colours[arm], alpha=0.08, linewidth=0
        )


def arm_colours(arms: set[str]) -> dict[str, str]:
    """Arms in the order of the legend: dense ones first, then recovered from light to dark."""
    dense = [arm for arm in DENSE_ARMS if arm in arms]
    rates = sorted(arms - set(dense), key=lambda arm: float(arm.rpartition("-")[2]))
    palette = sns.color_palette("flare", len(rates)).as_hex()
    return {**{arm: COLOURS[arm] for arm in dense}, **dict(zip(rates, palette, strict=True))}


def arm_name(arm: str) -> str:
    return NAMES[arm] if arm in NAMES else f"recovered, rate {arm.rpartition('-')[2]}"


if __name__ == "__main__":
    run(main)
