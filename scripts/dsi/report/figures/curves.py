"""Training curves of a baseline: losses and validation measures per epoch, E1 and E2.

Left, the whole training; right, E2 alone on axes of its own, where the arms can be told apart.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dsi.base.artefacts import read_frame
from dsi.evaluation.measures import LOSS, MEASURES
from dsi.report.figures.colours import COLOURS
from dsi.report.figures.epochs import E2, draw_measure, label_epochs, last_epoch, legend_line, spread_words
from dsi.report.figures.style import use_theme
from dsi.report.results import ReportError
from dsi.systems import ARMS, DENSE_ARMS, RATE_PATTERN

# Column of a history → label of its panel. The two tasks measure their validation queries differently.
PANELS = {
    "train_loss": f"training loss\n{MEASURES[LOSS].axis}",
    "validation_loss": f"validation loss\n{MEASURES[LOSS].axis}",
    **{
        f"validation_{name}": f"validation {name}\n{MEASURES[name].axis}"
        for name in ("MAP", "R@10", "R@1000")
    },
    "validation_MAP-published": "validation MAP\nas published",
    "validation_R@1000-published": "validation Recall@1000\nas published",
}
ARM = re.compile(rf"{'|'.join(DENSE_ARMS)}|recovered-(?P<rate>{RATE_PATTERN})")


def read_histories(named: Sequence[str]) -> pd.DataFrame:
    """All histories in one frame with the columns arm and run (a number per file) added.

    Args:
        named: ARM=FILE, ARM being a dense arm or recovered-RATE.

    Raises:
        ReportError: an entry is not of this form, or none is of dense.
    """
    frames = []
    for number, entry in enumerate(sorted(named)):
        arm, _, path = entry.partition("=")
        if not ARM.fullmatch(arm) or not path:
            raise ReportError(
                f"--history: found {entry!r}, expected ARM=FILE with ARM one of {', '.join(DENSE_ARMS)}, "
                "recovered-RATE: recovered-0.2=…/history.parquet"
            )
        frames.append(read_frame(Path(path)).assign(arm=arm, run=number))
    histories = pd.concat(frames, ignore_index=True)
    if "dense" not in set(histories["arm"]):
        raise ReportError("--history: no dense=FILE; E1 is what all other curves continue")
    return histories


def curves_figure(histories: pd.DataFrame, title: str) -> Figure:
    """A row per measure: the whole training, and beside it E2 alone if there is any.

    Args:
        histories: as `read_histories` returns them.
    """
    use_theme()
    colours = _arm_colours(set(histories["arm"]))
    panels = {measure: label for measure, label in PANELS.items() if measure in histories}
    last = last_epoch(histories)
    recovery = histories[histories["phase"] == E2]
    columns = 1 if recovery.empty else 2
    size = (4.5 * columns, 2.3 * len(panels))
    figure, axes = plt.subplots(
        len(panels), columns, figsize=size, sharex="col", squeeze=False, layout="constrained"
    )
    for row, (measure, label) in zip(axes, panels.items(), strict=True):
        row[0].set_ylabel(label)
        _draw_arms(row[0], histories, measure, colours)
        if not recovery.empty:
            row[0].axvline(last + 0.5, color="#777777", linestyle="--", linewidth=1, zorder=1)
            _draw_arms(row[1], recovery, measure, colours)
    if not recovery.empty:
        axes[0, 0].set_title("whole training (dashed line: pruning)")
        axes[0, 1].set_title(f"after epoch {last}: recovery and controls, enlarged")
    label_epochs(axes[-1])
    handles = [legend_line(colour, _arm_name(arm)) for arm, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    spread = spread_words(histories.groupby("arm")["run"].nunique().max(), one="one seed")
    what = "training" if recovery.empty else "training before and after pruning"
    figure.suptitle(f"{title}: {what}\n({spread})")
    return figure


def _draw_arms(axis: Axes, histories: pd.DataFrame, measure: str, colours: Mapping[str, str]) -> None:
    known = histories.dropna(subset=[measure])
    if known.empty:
        axis.text(0.5, 0.5, "no values", transform=axis.transAxes, ha="center")
        return
    # The dense arms, to compare with, lie over the many recovered ones.
    for arm in reversed(list(colours)):
        draw_measure(axis, known[known["arm"] == arm], measure, colours[arm], alpha=0.08)


def _arm_colours(arms: set[str]) -> dict[str, str]:
    """Arms in the order of the legend: dense ones first, then recovered from light to dark."""
    dense = [arm for arm in DENSE_ARMS if arm in arms]
    rates = sorted(arms - set(dense), key=lambda arm: float(_rate(arm)))
    palette = sns.color_palette("flare", len(rates)).as_hex()
    return {**{arm: COLOURS[arm] for arm in dense}, **dict(zip(rates, palette, strict=True))}


def _arm_name(arm: str) -> str:
    return ARMS[arm].legend if arm in ARMS else f"recovered, rate {_rate(arm)}"


def _rate(arm: str) -> str:
    return arm.removeprefix("recovered-")
