"""The published study's figures: training curves, and test loss and MAP of a long training."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dsi.base.artefacts import read_frame
from dsi.evaluation.measures import LOSS, MEASURES
from dsi.report.figures.epochs import E2, draw_measure, label_epochs, last_epoch, legend_line, spread_words
from dsi.report.figures.style import use_theme
from dsi.report.results import ReportError

TRAINING, VALIDATION, PRUNING = "#999999", "#0072B2", "#555555"
# Panels of `curves`: title, and the columns drawn with their colours.
CURVES = {
    f"Loss\n{MEASURES[LOSS].axis}": {"train_loss": TRAINING, "validation_loss": VALIDATION},
    "Validation MAP\n(as published, 0 to 1, higher is better)": {"validation_MAP-published": VALIDATION},
    "Validation Recall@1000\n(as published, 0 to 1, higher is better)": {
        "validation_R@1000-published": VALIDATION
    },
}
# Panels of `long`, one below the other.
LONG = {
    "test_loss": f"test loss\n{MEASURES[LOSS].axis}",
    "test_MAP-published": "test MAP, as published\n(0 to 1, higher is better)",
}
LEAST_SCALE = 0.001  # of a measure that is 0 throughout
LONG_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BAND = 0.15  # how opaque bands are
RING: dict[str, Any] = {
    "color": "#D55E00",
    "marker": "o",
    "markersize": 8,
    "markerfacecolor": "none",
    "markeredgewidth": 1.5,
    "linestyle": "none",
}
EXAMPLE = '"t5-small, dense=…/history.parquet"'


class Kind(NamedTuple):
    """A kind of figure: what it shows, the columns of a history that it needs, and how it is drawn."""

    words: str
    columns: Sequence[str]
    draw: Callable[[pd.DataFrame], Figure]


def read_histories(entries: Iterable[str], columns: Sequence[str]) -> pd.DataFrame:
    """All histories in one frame, with the columns name and run (a number per entry) added.

    Args:
        entries: NAME=FILE, or NAME=FILE,FILE: E1 of the one and E2 of the other.
        columns: those that must be there.

    Raises:
        ReportError: an entry is not of this form, or a file lacks a column.
    """
    frames = []
    for number, entry in enumerate(entries):
        name, _, paths = entry.rpartition("=")
        if not name or not paths:
            raise ReportError(f"--history: found {entry!r}, expected NAME=FILE, for example {EXAMPLE}")
        for path in paths.split(","):
            history = read_frame(Path(path))
            absent = [column for column in columns if column not in history]
            if absent:
                hint = " (track_test: true measures test queries)" if absent[0].startswith("test") else ""
                raise ReportError(f"{path}: no column {absent[0]!r}; train it as a ranked-list model{hint}")
            frames.append(history.assign(name=name, run=number))
    return pd.concat(frames, ignore_index=True)


def reproduction_figure(kind: str, entries: Sequence[str], title: str) -> Figure:
    """A figure of a kind of KINDS.

    Args:
        entries: as for `read_histories`.

    Raises:
        ReportError: as for `read_histories`.
    """
    histories = read_histories(entries, KINDS[kind].columns)
    use_theme()
    figure = KINDS[kind].draw(histories)
    spread = spread_words(histories.groupby("name")["run"].nunique().max(), one="one run")
    figure.suptitle(f"{title} ({spread})")
    return figure


def _draw_curves(histories: pd.DataFrame) -> Figure:
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
                draw_measure(axis, chosen, column, colour, BAND)
            _mark_pruning(axis, chosen)
            _mark_best(axis, chosen, list(panel)[-1])
    for axis, (title, panel) in zip(axes[0], CURVES.items(), strict=True):
        axis.set_title(title, fontsize="medium")
        _scale_measure(axis, histories, list(panel)[-1])
    label_epochs(axes[-1])
    handles = [legend_line(TRAINING, "training"), legend_line(VALIDATION, "validation")]
    handles.append(Line2D([], [], label="best epoch on the validation queries", **RING))
    if E2 in set(histories["phase"]):
        handles.append(Line2D([], [], color=PRUNING, linestyle="--", label="pruned here, then recovered"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def _draw_long(histories: pd.DataFrame) -> Figure:
    """Test loss above test MAP; a dotted line marks the lowest loss of each training."""
    names = list(dict.fromkeys(histories["name"]))
    colours = [str(colour) for colour in np.resize(LONG_COLOURS, len(names))]
    figure, axes = plt.subplots(len(LONG), 1, figsize=(7, 5.5), sharex=True, layout="constrained")
    for name, colour in zip(names, colours, strict=True):
        chosen = histories[histories["name"] == name]
        loss = chosen.groupby("epoch")["test_loss"].mean()
        for axis, column in zip(axes, LONG, strict=True):
            draw_measure(axis, chosen, column, colour, BAND)
            axis.axvline(float(loss.idxmin()), color=colour, linestyle=":", linewidth=1.2)
    for axis, label in zip(axes, LONG.values(), strict=True):
        axis.set_ylabel(label)
    _scale_measure(axes[-1], histories, list(LONG)[-1])
    label_epochs([axes[-1]])
    handles = [legend_line(colour, name) for name, colour in zip(names, colours, strict=True)]
    handles.append(Line2D([], [], color=PRUNING, linestyle=":", label="epoch of the lowest test loss"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


KINDS = {
    "curves": Kind(
        "validation curves per epoch", [name for panel in CURVES.values() for name in panel], _draw_curves
    ),
    "long": Kind("test loss and MAP per epoch", list(LONG), _draw_long),
}


def _mark_pruning(axis: Axes, histories: pd.DataFrame) -> None:
    """A line between the last epoch before pruning and the first after it, if there is one."""
    if E2 in set(histories["phase"]):
        axis.axvline(last_epoch(histories) + 0.5, color=PRUNING, linestyle="--", linewidth=1, zorder=1)


def _mark_best(axis: Axes, histories: pd.DataFrame, column: str) -> None:
    """A ring around the lowest loss or the highest measure, or words for a measure that never left 0."""
    mean = histories.groupby("epoch")[column].mean()
    best = int(mean.argmin() if _is_loss(column) else mean.argmax())
    if _is_loss(column) or mean.max() > 0:
        axis.plot(mean.index[[best]], mean.iloc[[best]], **RING)
    else:
        axis.text(0.5, 0.5, "0 after every epoch", transform=axis.transAxes, ha="center")


def _scale_measure(axis: Axes, histories: pd.DataFrame, column: str) -> None:
    """Measures start at 0 and have their digits written out; losses keep the automatic scale."""
    if not _is_loss(column):
        top = max(float(histories[column].max()), 0.0) or LEAST_SCALE
        axis.set_ylim(-0.04 * top, 1.08 * top)
        axis.ticklabel_format(axis="y", style="plain", useOffset=False)


def _is_loss(column: str) -> bool:
    return column.endswith("_loss")
