"""Quality against pruning rate, with and without recovery, beside the unpruned controls.

Left, a measure itself, from 0; right, how far it lies from the restart control, seed by seed.
Bars and bands are Student t intervals of the mean over seeds.
"""

from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dsi.evaluation.estimates import DIFFERENCES, VALUES, Span, mean_interval
from dsi.evaluation.measures import MEASURES
from dsi.report.figures.rate_lines import LINES, draw_line, name_lines
from dsi.report.figures.style import COLOURS, use_theme
from dsi.report.over_seeds import paired_differences
from dsi.report.results import ReportError, read_csv
from dsi.systems import ARMS, spell_rate

PANELS = ("MAP", "nDCG@10", "R@10")
DODGE = 0.004  # between arms of one rate, on the axis of rates


class Chosen(NamedTuple):
    """What of a study is drawn, and how sure its intervals are."""

    baseline: str
    criterion: str
    split: str
    confidence: float


def read_rates(
    metrics: Path, sparsity: Path | None, chosen: Chosen
) -> tuple[pd.DataFrame, "pd.Series[float] | None"]:
    """Of metrics.csv the rows to draw; of sparsity.csv the zeros in the whole model by rate.

    Raises:
        ReportError: no recovered model is among them.
    """
    rows = _of_criterion(read_csv(metrics), chosen)
    rows = rows[rows["split"] == chosen.split]
    if not (rows["arm"] == "recovered").any():
        raise ReportError(
            f"{metrics}: no recovered system of baseline {chosen.baseline!r}, "
            f"criterion {chosen.criterion!r} and split {chosen.split!r}"
        )
    if sparsity is None:
        return rows, None
    return rows, _of_criterion(read_csv(sparsity), chosen).groupby("rate")["model"].mean()


def rates_figure(metrics: pd.DataFrame, zeros: "pd.Series[float] | None", chosen: Chosen) -> Figure:
    """A row per measure: its values, and its differences from the restart control.

    Args:
        metrics, zeros: as `read_rates` returns them.
    """
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
        _draw_values(left, metrics, measure, chosen.confidence)
        _draw_differences(right, differences, measure, chosen.confidence)
        left.set_ylabel(f"{measure} {MEASURES[measure].axis}")
        right.set_ylabel(f"{measure} minus restart's")
    rates = sorted(metrics["rate"].dropna().unique())
    for axis in axes[-1]:
        axis.set_xlabel("pruning rate: share of each pruned layer's weights set to zero")
        axis.set_xticks(rates, [spell_rate(rate) for rate in rates])
    if zeros is not None:
        for axis in axes[0]:
            _add_zeros_axis(axis, zeros)
    axes[0, 0].set_title(f"quality on the {chosen.split} queries")
    axes[0, 1].set_title("recovered against the unpruned control of the same seed")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    seeds = metrics["seed"].nunique()
    spread = (
        f"mean of {seeds} seeds with {chosen.confidence:.0%} intervals; dots: single seeds"
        if seeds > 1
        else "one seed, no intervals"
    )
    figure.suptitle(f"{chosen.baseline}, pruned by {chosen.criterion}: {spread}")
    return figure


def _of_criterion(frame: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    """The rows of a baseline and criterion, and those that belong to every one."""
    ours = frame["baseline"].isna() | (frame["baseline"] == chosen.baseline)
    return frame[ours & (frame["criterion"].isna() | (frame["criterion"] == chosen.criterion))]


def _draw_values(axis: Axes, metrics: pd.DataFrame, measure: str, confidence: float) -> None:
    """Pruned and recovered against the rate; unpruned systems as lines named at the right."""
    labels = []
    for arm, style in LINES.items():
        values = metrics.loc[metrics["arm"] == arm, measure].dropna()
        if len(values):
            draw_line(axis, list(values), COLOURS[arm], style, confidence)
            labels.append((float(values.mean()), ARMS[arm].name, COLOURS[arm]))
    for arm, name, shift in (("pruned", "pruned, not recovered", -1), ("recovered", "recovered", 1)):
        rows = metrics[metrics["arm"] == arm].dropna(subset=[measure])
        _draw_points(axis, rows.set_index("rate")[measure], COLOURS[arm], confidence, name, shift)
    axis.set_ylim(bottom=0)
    name_lines(axis, labels)


def _draw_differences(axis: Axes, differences: pd.DataFrame, measure: str, confidence: float) -> None:
    """Recovered minus restart against the rate; zero is restart, a line is dense E1 + E2."""
    rows = differences[(differences["measure"] == measure) & (differences["control"] == "restart")]
    axis.axhline(0, color=COLOURS["restart"], linewidth=1.4, zorder=1)
    labels = [(0.0, ARMS["restart"].name, COLOURS["restart"])]
    continued = rows.loc[rows["arm"] == "dense-continued", "value"]
    if len(continued):
        colour, style = COLOURS["dense-continued"], LINES["dense-continued"]
        draw_line(axis, list(continued), colour, style, confidence, DIFFERENCES)
        labels.append((float(continued.mean()), ARMS["dense-continued"].name, colour))
    recovered = rows[rows["arm"] == "recovered"].set_index("rate")["value"]
    _draw_points(axis, recovered, COLOURS["recovered"], confidence, "recovered", 0, DIFFERENCES)
    name_lines(axis, labels)


def _draw_points(
    axis: Axes,
    values: "pd.Series[float]",
    colour: str,
    confidence: float,
    label: str,
    shift: int,
    span: Span = VALUES,
) -> None:
    """Means with error bars, joined; faint dots for the seeds.

    Args:
        values: by rate, one a seed.
        shift: parts arms of one rate: how many steps of DODGE to the right.
        span: where error bars end.
    """
    if values.empty:  # a criterion that prunes in the recovery has no model before it
        return
    by_rate = values.groupby(level="rate")
    means = by_rate.mean()
    intervals = [mean_interval(list(group), confidence, span) for _, group in by_rate]
    position = means.index + shift * DODGE
    # Beside the bars, not on them: one step further out for a dodged arm, to the right otherwise.
    beside = values.index + (shift + (shift or 1)) * DODGE
    axis.scatter(beside, values, color=colour, s=10, alpha=0.4, linewidths=0, zorder=2)
    axis.plot(position, means, color=colour, marker="o", markersize=4.5, label=label, zorder=3)
    lower, upper = np.array(intervals).T
    axis.vlines(position, lower, upper, color=colour, linewidth=1.6, zorder=3)


def _add_zeros_axis(axis: Axes, zeros: "pd.Series[float]") -> None:
    """A second axis on top: zeros in the whole model at each rate."""
    top = axis.secondary_xaxis("top")
    top.set_xticks(list(zeros.index), [f"{100 * share:.0f}" for share in zeros])
    top.set_xlabel("zeros in the whole model (%)")
