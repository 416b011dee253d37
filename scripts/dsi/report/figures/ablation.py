"""Baselines compared with one of them, in a figure.

Left, each variant's difference with its interval; right, quality by number of pseudo-queries.
"""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dsi.evaluation.measures import MEASURES
from dsi.report.figures.colours import COLOURS
from dsi.report.figures.style import use_theme
from dsi.report.sections.ablation import MEASURES as COMPARED
from dsi.report.sections.ablation import changes

NUMBER_KEY = "pseudo_queries.distinct"


def ablation_figure(
    frame: pd.DataFrame, settings: Mapping[str, Mapping[str, Any]], reference: str, confidence: float
) -> Figure:
    """The differences, and beside them the numbers of pseudo-queries if several were tried.

    Args:
        frame: as `comparison` of dsi.report.sections.ablation returns it.
        settings: of each baseline.
        confidence: of the intervals in the frame.
    """
    use_theme()
    rows = frame[frame["measure"] == COMPARED[0]]
    numbers = _of_numbers(rows, settings, reference)
    several = len(numbers) > 1
    figure, axes = plt.subplots(
        1,
        2 if several else 1,
        figsize=(12 if several else 7, 1.6 + 0.36 * len(rows)),
        squeeze=False,
        layout="constrained",
    )
    _draw_differences(axes[0, 0], rows, reference, confidence)
    if several:
        _draw_numbers(axes[0, 1], numbers)
    return figure


def _draw_differences(axis: Axes, rows: pd.DataFrame, reference: str, confidence: float) -> None:
    variants = rows[rows["baseline"] != reference].sort_values("difference", ascending=False)
    places = range(len(variants))
    axis.axvline(0, color=COLOURS["dense"], linewidth=1)
    axis.errorbar(
        variants["difference"],
        places,
        xerr=[variants["difference"] - variants["lower"], variants["upper"] - variants["difference"]],
        fmt="o",
        color=COLOURS["restart"],
        capsize=3,
    )
    axis.set_yticks(list(places), list(variants["baseline"]))
    axis.invert_yaxis()
    axis.set_xlabel(f"test MAP minus that of {reference} (left: worse), {confidence:.0%} interval")
    axis.set_title(f"one choice of {reference} changed at a time")


def _draw_numbers(axis: Axes, numbers: pd.DataFrame) -> None:
    ordered = numbers.sort_values("shown")
    for split, colour in (("validation", COLOURS["restart"]), ("test", COLOURS["recovered"])):
        axis.errorbar(
            ordered["shown"],
            ordered[f"{split}_mean"],
            yerr=ordered[f"{split}_sd"].fillna(0),
            marker="o",
            color=colour,
            capsize=3,
            label=f"{split} queries",
        )
    axis.set_xscale("log", base=2)
    axis.set_xticks(list(ordered["shown"]), [str(number) for number in ordered["shown"]])
    axis.set_xlabel("different pseudo-queries of a document (log scale)")
    axis.set_ylabel(f"{COMPARED[0]} {MEASURES[COMPARED[0]].axis}")
    axis.set_title("quality against the number of pseudo-queries")
    axis.legend(frameon=False)


def _of_numbers(
    rows: pd.DataFrame, settings: Mapping[str, Mapping[str, Any]], reference: str
) -> pd.DataFrame:
    """The reference and the variants that differ from it in the number of pseudo-queries alone."""
    alike = [
        name
        for name in rows["baseline"]
        if {change.key for change in changes(settings[name], settings[reference])} <= {NUMBER_KEY}
    ]
    return rows[rows["baseline"].isin(alike)]
