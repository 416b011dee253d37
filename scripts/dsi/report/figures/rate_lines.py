"""Lines across a figure at the quality of systems without a pruning rate, named at the right margin."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from dsi.evaluation.estimates import VALUES, Span, mean_interval

LINES = {"bm25": "-", "restart": "-", "dense-continued": "--", "dense": ":", "initial": ":", "random": "-."}
LABEL_HEIGHT = 0.075  # of a line's label, as a fraction of its axes


def draw_line(
    axis: Axes, values: Sequence[float], colour: str, style: str, confidence: float, span: Span = VALUES
) -> None:
    """A horizontal line at the mean and a band over its interval, which ends where the span does."""
    axis.axhline(float(np.mean(values)), color=colour, linestyle=style, linewidth=1.4, zorder=1)
    lower, upper = mean_interval(values, confidence, span)
    if np.isfinite(lower):
        axis.axhspan(lower, upper, color=colour, alpha=0.08, linewidth=0, zorder=0)


def name_lines(axis: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """Write each line's name at the right margin, moved apart where lines lie close.

    Args:
        labels: height of the line in data, name, colour.
    """
    bottom, top = axis.get_ylim()
    axis.set_ylim(bottom, top)
    labels = sorted(labels)
    heights = [(value - bottom) / (top - bottom) for value, _, _ in labels]
    for height, spread, (_, name, colour) in zip(heights, _spread_out(heights), labels, strict=True):
        axis.annotate(
            name,
            xy=(1, height),
            xytext=(1.06, spread),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize="small",
            color=colour,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.7,
                "relpos": (0, 0.5),
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )


def _spread_out(heights: Sequence[float]) -> list[float]:
    """Heights from 0 to 1, ascending, moved up and then down until LABEL_HEIGHT apart."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + LABEL_HEIGHT) if placed else height)
    ceiling = 1.0
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - LABEL_HEIGHT
    return placed
