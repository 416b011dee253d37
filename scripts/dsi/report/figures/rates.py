"""Quality against pruning rate, with and without recovery, beside the unpruned controls.

Left, a measure itself; right, how far it lies from the restart control, seed by seed, on an axis of a few
margins, so that what matters can be seen: a rate that lies far outside is an arrow with its value.
Bars and bands are Student t intervals of the mean over seeds; those of differences in MAP, which verdicts are
about, are the verdict's, which count the queries, too.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dsi.evaluation.estimates import VALUES
from dsi.evaluation.measures import MEASURES
from dsi.evaluation.significance import Question
from dsi.evaluation.verdicts import Verdict
from dsi.report.figures.colours import COLOURS
from dsi.report.figures.rate_differences import (
    Judged,
    Margin,
    draw_differences,
    draw_points,
    seed_intervals,
)
from dsi.report.figures.rate_lines import LINES, draw_line, name_lines
from dsi.report.figures.style import use_theme
from dsi.report.over_seeds import paired_differences
from dsi.report.results import ReportError, read_csv
from dsi.systems import ARMS, spell_rate

PANELS = ("MAP", "R@10")
JUDGED = "MAP"  # what verdicts are about
DODGE = 0.008  # between arms of one rate, as a share of the axis of rates
NEAR = 0.07  # of the axis: rates nearer than this to the one labelled before have a tick without a label
BROKEN = 0.4  # where the worst model has less of the best one's value, the axis begins at 0
SIGNS = {Verdict.BETTER: "+", Verdict.EQUIVALENT: "=", Verdict.WORSE: "−", Verdict.OPEN: "?"}
SIGN_WORDS = "+ better   = equivalent   ? not enough evidence   − worse"
POINTS = {
    "pruned": "pruned, not recovered",
    "recovered": "recovered",
    "small": "small from the start",
    "small-taught": "small, taught",
}


class Chosen(NamedTuple):
    """What of a study is drawn, how sure its intervals are, and the margin as a share of dense E1."""

    baseline: str
    criterion: str
    split: str
    confidence: float
    margin: float


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


def read_judged(verdicts: Path, chosen: Chosen) -> dict[float, Judged]:
    """Of verdicts.csv, by rate the verdict against restart: its sign and its interval.

    It is for training in general, where there are several seeds.
    """
    rows = _of_criterion(read_csv(verdicts), chosen)
    question = Question.TRAINING if (rows["seeds"] > 1).any() else Question.CHECKPOINTS
    rows = rows[(rows["control"] == "restart") & (rows["question"] == question)]
    return {
        float(rate): Judged(SIGNS.get(Verdict(verdict), "?"), lower, upper)
        for rate, verdict, lower, upper in zip(
            *(rows[name] for name in ("rate", "verdict", "lower", "upper")), strict=True
        )
    }


def rates_figure(
    metrics: pd.DataFrame, zeros: "pd.Series[float] | None", judged: Mapping[float, Judged], chosen: Chosen
) -> Figure:
    """A row per measure: its values, and its differences from the restart control.

    Args:
        metrics, zeros: as `read_rates` returns them.
        judged: as `read_judged`, of the differences in MAP, which verdicts are about.
    """
    use_theme()
    figure, axes = plt.subplots(
        len(PANELS), 2, figsize=(9.5, 3.4 * len(PANELS)), sharex=True, layout="constrained"
    )
    differences = paired_differences(metrics)
    for (left, right), measure in zip(axes, PANELS, strict=True):
        _draw_values(left, metrics, measure, chosen.confidence)
        dense = float(metrics.loc[metrics["arm"] == "dense", measure].mean())
        margin = Margin(chosen.margin * dense, f"margin ({100 * chosen.margin:g} %)")
        known = judged if measure == JUDGED else {}
        draw_differences(right, differences, measure, margin, chosen.confidence, known)
        left.set_ylabel(f"{measure} {MEASURES[measure].axis}")
        right.set_ylabel(f"{measure} minus restart's")
    _label_rates(axes, sorted(metrics["rate"].dropna().unique()), zeros)
    axes[0, 0].set_title(f"quality on the {chosen.split} queries")
    axes[0, 1].set_title("recovered minus restart, same seed")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    seeds = metrics["seed"].nunique()
    spread = (
        f"mean of {seeds} seeds with {chosen.confidence:.0%} intervals; dots: single seeds"
        if seeds > 1
        else "one seed, no intervals"
    )
    title = f"{chosen.baseline}, pruned by {chosen.criterion}: {spread}"
    if judged:
        about = "training in general" if seeds > 1 else "these checkpoints"
        title += f"\ndifferences in MAP: bars and signs of the verdict for {about}\n{SIGN_WORDS}"
    figure.suptitle(title, fontsize="medium")
    return figure


def _of_criterion(frame: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    """The rows of a baseline and criterion, and those that belong to every one."""
    ours = frame["baseline"].isna() | (frame["baseline"] == chosen.baseline)
    return frame[ours & (frame["criterion"].isna() | (frame["criterion"] == chosen.criterion))]


def _label_rates(axes: Any, rates: Sequence[float], zeros: "pd.Series[float] | None") -> None:
    """Ticks at every rate, labels where there is room; on top the zeros in the whole model."""
    near, labelled = NEAR * (max(rates) - min(rates)), list[float]()
    for rate in rates:
        if not labelled or rate - labelled[-1] > near:
            labelled.append(rate)
    for axis in axes[-1]:
        axis.set_xlabel("pruning rate: share of each pruned\nlayer's weights set to zero")
    for axis in axes.flat:
        axis.set_xticks(labelled, [spell_rate(rate) for rate in labelled])
        axis.set_xticks(rates, minor=True)
    if zeros is not None:
        for axis in axes[0]:
            top = axis.secondary_xaxis("top")
            top.set_xticks(
                labelled, [f"{100 * zeros[rate]:.0f}" if rate in zeros else "" for rate in labelled]
            )
            top.set_xlabel("zeros in the whole model (%)")


def _draw_values(axis: Axes, metrics: pd.DataFrame, measure: str, confidence: float) -> None:
    """Models against the rate; unpruned systems as lines with names, those below the axis in words."""
    shifts = {"pruned": -1, "recovered": 1, "small": 2, "small-taught": 3}
    spread = metrics["rate"].max() - metrics["rate"].min()
    for arm, name in POINTS.items():
        rows = metrics[metrics["arm"] == arm].dropna(subset=[measure])
        shift = shifts[arm] * DODGE * spread
        values = rows.set_index("rate")[measure]
        intervals = seed_intervals(values, confidence, VALUES)
        draw_points(axis, values, arm, intervals, shift=shift, label=name)
    models = metrics.loc[metrics["arm"].isin((*POINTS, "dense")), measure]
    lowest, highest = models.min(), models.max()
    bottom = 0.0 if lowest < BROKEN * highest else lowest - 0.15 * (highest - lowest)
    labels, below = [], []
    for arm, style in LINES.items():
        values = metrics.loc[metrics["arm"] == arm, measure].dropna()
        if not len(values):
            continue
        mean = float(values.mean())
        if mean < bottom:
            below.append(f"{ARMS[arm].name} {mean:.3f}")
            continue
        draw_line(axis, list(values), COLOURS[arm], style, confidence)
        labels.append((mean, ARMS[arm].name, COLOURS[arm]))
    axis.set_ylim(bottom=bottom)
    if below:
        words = f"below this axis: {', '.join(below)}"
        axis.text(0.02, 0.02, words, transform=axis.transAxes, fontsize="small", color="#555555")
    name_lines(axis, labels)
