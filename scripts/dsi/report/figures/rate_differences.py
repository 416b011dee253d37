"""Points against pruning rates, and recovered models' differences from their control beside the margin."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dsi.evaluation.estimates import DIFFERENCES, Span, mean_interval
from dsi.report.figures.colours import COLOURS, MARKERS
from dsi.report.figures.rate_lines import LINES, name_lines
from dsi.systems import ARMS

REACH = 4  # margins: what lies farther out does not stretch the axis
HEADROOM = 1.25  # above the values, for signs
WIDE = 0.15  # of the axis: values nearer than this overlap


class Margin(NamedTuple):
    """The largest difference that is taken not to matter, in the unit of the measure, and what to call it."""

    size: float
    words: str


class Judged(NamedTuple):
    """What the verdict says of a rate: its sign, and the interval that it is by, NaN where there is none."""

    sign: str
    lower: float
    upper: float


def draw_differences(
    axis: Axes,
    differences: pd.DataFrame,
    measure: str,
    margin: Margin,
    confidence: float,
    judged: Mapping[float, Judged],
) -> None:
    """Recovered minus restart against the rate; zero is restart, a line dense E1 + E2, the band the margin.

    Args:
        differences: what dsi.report.over_seeds.paired_differences returns.
        judged: by rate, of this measure: signs stand above, intervals are drawn in place of those over seeds.
    """
    rows = differences[(differences["measure"] == measure) & (differences["control"] == "restart")]
    axis.axhspan(-margin.size, margin.size, color="#999999", alpha=0.22, linewidth=0, zorder=0)
    axis.axhline(0, color=COLOURS["restart"], linewidth=1.4, zorder=1)
    labels = [(0.0, ARMS["restart"].name, COLOURS["restart"])]
    continued = rows.loc[rows["arm"] == "dense-continued", "value"]
    recovered = rows[rows["arm"] == "recovered"].set_index("rate")["value"]
    over_seeds = seed_intervals(recovered, confidence, DIFFERENCES)
    intervals = over_seeds | {rate: (of.lower, of.upper) for rate, of in judged.items()}
    limit = _limit(recovered, margin.size, intervals)
    if len(continued) and abs(continued.mean()) < limit:
        colour = COLOURS["dense-continued"]
        axis.axhline(float(continued.mean()), color=colour, linestyle=LINES["dense-continued"], linewidth=1.4)
        labels.append((float(continued.mean()), ARMS["dense-continued"].name, colour))
    draw_points(axis, recovered, "recovered", intervals)
    axis.set_ylim(-limit, limit * (HEADROOM if judged else 1))
    for rate, verdict in judged.items():
        axis.text(
            rate, 0.98, verdict.sign, transform=axis.get_xaxis_transform(), ha="center", va="top",
            weight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    _draw_far(axis, recovered.groupby(level="rate").mean(), limit)
    labels.append((-margin.size, margin.words, "#555555"))
    name_lines(axis, labels)


def seed_intervals(
    values: "pd.Series[float]", confidence: float, span: Span
) -> dict[float, tuple[float, float]]:
    """By rate the Student t interval of the mean over seeds, NaN of one seed.

    Args:
        values: by rate, one a seed.
    """
    rates: list[float] = values.index.unique().tolist()
    return {rate: mean_interval(values[values.index == rate].tolist(), confidence, span) for rate in rates}


def draw_points(
    axis: Axes,
    values: "pd.Series[float]",
    arm: str,
    intervals: Mapping[float, tuple[float, float]],
    shift: float = 0.0,
    label: str | None = None,
) -> None:
    """Means with error bars, joined; faint dots for the seeds.

    Args:
        values: by rate, one a seed.
        intervals: by rate, where error bars begin and end.
        shift: parts arms of one rate: how far to the right.
    """
    if values.empty:  # a criterion that prunes in the recovery has no model before it
        return
    by_rate = values.groupby(level="rate")
    means = by_rate.mean()
    colour, position = COLOURS[arm], means.index + shift
    axis.scatter(values.index + shift, values, color=colour, s=9, alpha=0.4, linewidths=0, zorder=2)
    axis.plot(position, means, color=colour, marker=MARKERS[arm], markersize=5, label=label, zorder=3)
    lower, upper = np.array([intervals[rate] for rate in means.index]).T
    axis.vlines(position, lower, upper, color=colour, linewidth=1.6, zorder=3)


def _limit(
    values: "pd.Series[float]", margin: float, intervals: Mapping[float, tuple[float, float]]
) -> float:
    """How far the axis goes both ways: 2 to REACH margins, by the rates whose means lie within it.

    Where dense finds nothing there is no margin, and all values are shown.
    """
    if not margin > 0:
        return max(1.15 * float(values.abs().max()), 0.001) if len(values) else 0.001
    groups = {rate: values[values.index == rate].tolist() for rate in intervals}
    near = {rate: group for rate, group in groups.items() if abs(np.mean(group)) <= REACH * margin}
    ends = [abs(end) for rate, group in near.items() for end in (*intervals[rate], *group)]
    farthest = max((end for end in ends if np.isfinite(end)), default=0.0)
    return 1.15 * min(max(farthest, 2 * margin), REACH * margin)


def _draw_far(axis: Axes, means: "pd.Series[float]", limit: float) -> None:
    """Arrows at the edge for means that lie outside, by rate, with their values; neighbours in two rows."""
    near, colour = WIDE * (means.index.max() - means.index.min()), COLOURS["recovered"]
    before, raised = -np.inf, False
    far = means[means.abs() > limit]
    for rate, mean in zip(far.index.tolist(), far.tolist(), strict=True):
        raised = rate - before < near and not raised
        before = rate
        down = mean < 0
        edge = -limit if down else limit
        axis.plot([rate], [edge * 0.96], color=colour, marker="v" if down else "^", markersize=7, zorder=4)
        axis.annotate(
            f"{mean:+.2g}", (rate, edge * (0.74 if raised else 0.9)), ha="center",
            va="bottom" if down else "top", fontsize="small", color=colour,
        )  # fmt: skip
