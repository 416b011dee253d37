"""Draw the study's figures: training curves, and test loss and MAP of a long training.

    python scripts plot_study curves --title "Dense and pruned t5-small" \\
        --history "t5-small, dense=results/msmarco/baselines/t5-small-k5/seed1/dense/history.parquet" \\
        "t5-small, rate 0.2=$E1,$E2" \\
        --svg results/msmarco/figures/study-3.svg --png results/msmarco/figures/study-3.png

    python scripts plot_study long --title "t5-small, K = 10" \\
        --history "t5-small, K 10=results/msmarco/baselines/t5-small-k10/seed1/dense/history.parquet" \\
        --svg results/msmarco/figures/study-long.svg --png results/msmarco/figures/study-long.png

curves: a row for each name with loss, validation MAP and validation Recall@1000 per epoch. Two files
joined by a comma are E1 of the dense model and E2 of the recovered one: a line marks the pruning between
them. long: does MAP go on rising while the loss rises, and does the loss fall again (double descent)?
A name that comes several times has several seeds: their mean is drawn, and a band from lowest to highest.
"""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from dsi.base.command import UserError, command_parser, run
from dsi.report.figures.style import save_figure, use_theme

TRAINING, VALIDATION, PRUNING = "#999999", "#0072B2", "#555555"
# Panels of `curves`: title, and the columns drawn with their colours.
CURVES = {
    "Loss\n(nats, lower is better)": {"train_loss": TRAINING, "validation_loss": VALIDATION},
    "Validation MAP\n(as published, 0 to 1, higher is better)": {"validation_MAP-published": VALIDATION},
    "Validation Recall@1000\n(as published, 0 to 1, higher is better)": {
        "validation_R@1000-published": VALIDATION
    },
}
# Panels of `long`, one below the other.
LONG = {
    "test_loss": "test loss\n(nats, lower is better)",
    "test_MAP-published": "test MAP, as published\n(0 to 1, higher is better)",
}
LEAST_SCALE = 0.001  # of a measure that is 0 throughout
LONG_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
RING: dict[str, Any] = {
    "color": "#D55E00",
    "marker": "o",
    "markersize": 8,
    "markerfacecolor": "none",
    "markeredgewidth": 1.5,
    "linestyle": "none",
}
EXAMPLE = '"t5-small, dense=…/history.parquet"'
E1, E2 = "E1", "E2"


def main() -> None:
    parser = command_parser(__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, words in (("curves", "validation curves per epoch"), ("long", "test loss and MAP per epoch")):
        command = kinds.add_parser(kind, help=words)
        command.add_argument("--history", nargs="+", required=True, metavar="NAME=FILE[,FILE]")
        command.add_argument("--title", required=True, help="of the figure")
        command.add_argument("--svg", type=Path, required=True, help="SVG to write")
        command.add_argument("--png", type=Path, required=True, help="PNG to write")
        command.add_argument("--dpi", type=int, default=150, help="of the PNG (default 150)")
    arguments = parser.parse_args()

    columns = LONG if arguments.kind == "long" else [name for panel in CURVES.values() for name in panel]
    histories = read_histories(arguments.history, [*columns])
    use_theme()
    figure = (draw_long if arguments.kind == "long" else draw_curves)(histories)
    seeds = histories.groupby("name")["run"].nunique().max()
    spread = f"mean of {seeds} seeds; band: lowest to highest" if seeds > 1 else "one run"
    figure.suptitle(f"{arguments.title} ({spread})")
    save_figure(figure, arguments.svg, arguments.png, arguments.dpi)


def read_histories(entries: list[str], columns: list[str]) -> pd.DataFrame:
    """All histories in one frame, with the columns name and run (a number per entry) added."""
    frames = []
    for number, entry in enumerate(entries):
        name, _, paths = entry.rpartition("=")
        if not name or not paths:
            raise UserError(f"--history: found {entry!r}, expected NAME=FILE, for example {EXAMPLE}")
        for path in paths.split(","):
            history = pd.read_parquet(path)
            absent = [column for column in columns if column not in history]
            if absent:
                hint = " (track_test: true measures test queries)" if absent[0].startswith("test") else ""
                raise UserError(f"{path}: no column {absent[0]!r}; train it as a ranked-list model{hint}")
            frames.append(history.assign(name=name, run=number))
    return pd.concat(frames, ignore_index=True)


def draw_curves(histories: pd.DataFrame) -> Figure:
    """A row for each name, in the order given; every column has one scale, so that rows compare."""
    names = list(dict.fromkeys(histories["name"]))
    size = (11, 1.3 + 2.5 * len(names))
    figure, axes = plt.subplots(
        len(names), len(CURVES), figsize=size, sharex=True, sharey="col", squeeze=False, layout="constrained"
    )
    for row, name in zip(axes, names, strict=True):
        chosen = histories[histories["name"] == name]
        row[0].set_ylabel(name)
        for axis, panel in zip(row, CURVES.values(), strict=True):
            for column, colour in panel.items():
                draw_line(axis, chosen, column, colour)
            mark_pruning(axis, chosen)
            mark_best(axis, chosen, list(panel)[-1])
    for axis, (title, panel) in zip(axes[0], CURVES.items(), strict=True):
        axis.set_title(title, fontsize="medium")
        scale_measure(axis, histories, list(panel)[-1])
    label_epochs(axes[-1])
    lines = {"training": TRAINING, "validation": VALIDATION}
    handles = [line_of(colour, label) for label, colour in lines.items()]
    handles.append(Line2D([], [], label="best epoch on the validation queries", **RING))
    if E2 in set(histories["phase"]):
        handles.append(Line2D([], [], color=PRUNING, linestyle="--", label="pruned here, then recovered"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def draw_long(histories: pd.DataFrame) -> Figure:
    """Test loss above test MAP; a dotted line marks the lowest loss of each training."""
    names = list(dict.fromkeys(histories["name"]))
    figure, axes = plt.subplots(len(LONG), 1, figsize=(7, 5.5), sharex=True, layout="constrained")
    for name, colour in zip(names, np.resize(LONG_COLOURS, len(names)), strict=True):
        chosen = histories[histories["name"] == name]
        loss = chosen.groupby("epoch")["test_loss"].mean()
        for axis, column in zip(axes, LONG, strict=True):
            draw_line(axis, chosen, column, str(colour))
            axis.axvline(float(loss.idxmin()), color=str(colour), linestyle=":", linewidth=1.2)
    for axis, label in zip(axes, LONG.values(), strict=True):
        axis.set_ylabel(label)
    scale_measure(axes[-1], histories, list(LONG)[-1])
    label_epochs([axes[-1]])
    handles = [
        line_of(str(colour), name)
        for name, colour in zip(names, np.resize(LONG_COLOURS, len(names)), strict=True)
    ]
    handles.append(Line2D([], [], color=PRUNING, linestyle=":", label="epoch of the lowest test loss"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_line(axis: Axes, histories: pd.DataFrame, column: str, colour: str) -> None:
    """The mean over runs at each epoch, and a band from the lowest to the highest."""
    by_epoch = histories.groupby("epoch")[column]
    mean = by_epoch.mean()
    axis.plot(mean.index, mean, color=colour, marker="o", markersize=3, linewidth=1.4)
    axis.fill_between(mean.index, by_epoch.min(), by_epoch.max(), color=colour, alpha=0.15, linewidth=0)


def mark_pruning(axis: Axes, histories: pd.DataFrame) -> None:
    """A line between the last epoch before pruning and the first after it, if there is one."""
    if E2 in set(histories["phase"]):
        last = int(histories.loc[histories["phase"] == E1, "epoch"].max())
        axis.axvline(last + 0.5, color=PRUNING, linestyle="--", linewidth=1, zorder=1)


def mark_best(axis: Axes, histories: pd.DataFrame, column: str) -> None:
    """A ring around the lowest loss or the highest measure, or words for a measure that never left 0."""
    mean = histories.groupby("epoch")[column].mean()
    best = int(mean.argmin() if is_loss(column) else mean.argmax())
    if is_loss(column) or mean.max() > 0:
        axis.plot(mean.index[[best]], mean.iloc[[best]], **RING)
    else:
        axis.text(0.5, 0.5, "0 after every epoch", transform=axis.transAxes, ha="center")


def scale_measure(axis: Axes, histories: pd.DataFrame, column: str) -> None:
    """Measures start at 0 and have their digits written out; losses keep the automatic scale."""
    if not is_loss(column):
        top = max(float(histories[column].max()), 0.0) or LEAST_SCALE
        axis.set_ylim(-0.04 * top, 1.08 * top)
        axis.ticklabel_format(axis="y", style="plain", useOffset=False)


def is_loss(column: str) -> bool:
    return column.endswith("_loss")


def label_epochs(axes: list[Axes]) -> None:
    for axis in axes:
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def line_of(colour: str, label: str) -> Line2D:
    return Line2D([], [], color=colour, marker="o", markersize=3, label=label)


if __name__ == "__main__":
    run(main)
