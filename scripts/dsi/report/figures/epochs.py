"""What figures of trainings share: a measure by epoch, its seeds together."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

# Phases of a training, as the column `phase` of its history names them.
E1, E2 = "E1", "E2"


def draw_measure(axis: Axes, histories: pd.DataFrame, measure: str, colour: str, alpha: float) -> None:
    """The mean over trainings at each epoch, and a band from the lowest to the highest.

    Args:
        histories: of one line: epoch, measure.
        alpha: how opaque the band is.
    """
    by_epoch = histories.groupby("epoch")[measure]
    mean = by_epoch.mean()
    axis.plot(mean.index, mean, color=colour, marker="o", markersize=3, linewidth=1.4)
    axis.fill_between(mean.index, by_epoch.min(), by_epoch.max(), color=colour, alpha=alpha, linewidth=0)


def legend_line(colour: str, label: str) -> Line2D:
    """The entry of a legend for a line that `draw_measure` draws."""
    return Line2D([], [], color=colour, marker="o", markersize=3, label=label)


def last_epoch(histories: pd.DataFrame) -> int:
    """The last epoch before pruning."""
    return int(histories.loc[histories["phase"] == E1, "epoch"].max())


def label_epochs(axes: Iterable[Axes]) -> None:
    """Whole numbers at the axes of epochs."""
    for axis in axes:
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def spread_words(seeds: int, one: str) -> str:
    """What a line and its band show: `mean of 3 seeds; band: lowest to highest`, or the word for one."""
    return f"mean of {seeds} seeds; band: lowest to highest" if seeds > 1 else one
