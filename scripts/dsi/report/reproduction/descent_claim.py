"""The claim that MAP and recall rise with more epochs although the loss rises too."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from dsi.report.markdown import ABSENT, paragraph, percent, pipe_table
from dsi.report.reproduction.histories import (
    TEST_LOSS,
    TEST_MAP,
    TEST_RECALL,
    Histories,
    by_epoch,
    dense_histories,
)
from dsi.report.reproduction.published import PublishedRow

# With fewer epochs after the turn a rank correlation says nothing.
LEAST_EPOCHS = 4
# A rank correlation that is called a trend.
CLEAR = 0.5


class LongRun(NamedTuple):
    """A training after its lowest test loss: rank correlations of epoch with each test measure.

    lowest, peak, last: (epoch, nats) of the lowest loss, the highest one after it, and the end;
    quality: MAP at the lowest loss and at the end.
    """

    epochs: int
    lowest: tuple[int, float]
    peak: tuple[int, float]
    last: tuple[int, float]
    quality: tuple[float, float]
    loss: float
    average_precision: float
    recall: float


def long_run(history: pd.DataFrame) -> LongRun:
    """What test loss, MAP and recall did after the epoch of the lowest test loss."""
    loss = by_epoch(history, TEST_LOSS)
    last, lowest = max(loss), min(loss, key=lambda epoch: loss[epoch])
    peak = max((epoch for epoch in loss if epoch >= lowest), key=lambda epoch: loss[epoch])
    after = history[history["epoch"] >= lowest]
    quality = by_epoch(history, TEST_MAP)
    correlations = [_rank_correlation(after, name) for name in (TEST_LOSS, TEST_MAP, TEST_RECALL)]
    return LongRun(
        last,
        (lowest, loss[lowest]),
        (peak, loss[peak]),
        (last, loss[last]),
        (quality[lowest], quality[last]),
        *correlations,
    )


def descent_claim(rows: Sequence[PublishedRow], histories: Histories) -> str:
    """Whether MAP and recall rise after the lowest test loss, and whether the loss ever falls again."""
    tracked = [
        (row, seed, long_run(history))
        for row, seed, history in dense_histories(rows, histories)
        if {TEST_LOSS, TEST_MAP} <= set(history.columns)
    ]
    if not tracked:
        return "Not run: no dense row here has test measures after every epoch (`track_test: true`)."
    header = ["row", "seed", "lowest loss at", "epochs after it", "ρ loss", "ρ MAP", "ρ Recall@1000"]
    lines = [
        [
            row.label,
            str(seed),
            f"{run.lowest[0]}",
            f"{run.last[0] - run.lowest[0]}",
            *(_signed(value) for value in (run.loss, run.average_precision, run.recall)),
        ]
        for row, seed, run in tracked
    ]
    longest = max(run.epochs for _, _, run in tracked)
    words = (
        "ρ: Spearman's rank correlation between epoch and test measure, from the epoch of the lowest test "
        f"loss on; +1: rises throughout, −1: falls throughout, {ABSENT}: constant, or fewer than "
        f"{LEAST_EPOCHS} epochs. The epochs of one run depend on each other, so ρ has no p-value; "
        f"here ±{CLEAR} and beyond is called a trend."
    )
    parts = [paragraph(words), pipe_table(header, lines)]
    parts += [_descent_words(row, seed, run) for row, seed, run in tracked if run.epochs == longest]
    return "\n\n".join(parts)


def _rank_correlation(history: pd.DataFrame, column: str) -> float:
    """Spearman's ρ of epoch and column; NaN for a constant, few epochs, or no such column."""
    if column not in history or len(history) < LEAST_EPOCHS or history[column].nunique() < 2:
        return math.nan
    # Pearson's of the ranks: without scipy.stats, whose import takes half a second.
    return float(history["epoch"].rank().corr(history[column].rank()))


def _signed(value: float) -> str:
    return ABSENT if math.isnan(value) else f"{value:+.2f}"


def _trend(value: float) -> str:
    if math.isnan(value):
        return "does not change or was not measured"
    words = "rises" if value >= CLEAR else "falls" if value <= -CLEAR else "has no clear trend"
    return f"{words} (ρ {value:+.2f})"


def _descent_words(row: PublishedRow, seed: int, run: LongRun) -> str:
    """Of the longest training: does it agree with the claim, and is there a second descent?"""
    (low, lowest), (top, peak), (end, last) = run.lowest, run.peak, run.last
    start = f"**{row.label}, seed {seed}, the longest training.**"
    if low == end:
        return paragraph(
            f"{start} The test loss is lowest, {lowest:.3f}, after the last epoch, {end}: it does not rise, "
            "so the claim cannot be tested."
        )
    both = {"MAP": run.average_precision, "Recall@1000": run.recall}
    if not run.loss >= CLEAR:
        verdict = "The loss does not clearly rise after its lowest point, so the claim cannot be tested."
    else:
        rising = [name for name, value in both.items() if value >= CLEAR]
        others = [name for name in both if name not in rising]
        parts = [("it agrees with the claim on", rising), ("it does not on", others)]
        verdict = "So far as one run can tell, "
        verdict += "; ".join(f"{words} {' and '.join(names)}" for words, names in parts if names) + "."
    if peak == last:
        shape = "It ends at that height: there is no second descent within these epochs."
    else:
        shape = (
            f"From there it fell to {last:.3f} at epoch {end}, by {percent((peak - last) / (peak - lowest))} "
            "of what it had risen. For double descent that fall must last; one run cannot tell it from noise."
        )
    return paragraph(
        f"{start} From epoch {low} to {end} the test loss "
        f"{_trend(run.loss)}, MAP {_trend(both['MAP'])} from {run.quality[0]:.5f} to {run.quality[1]:.5f}, "
        f"and Recall@1000 {_trend(both['Recall@1000'])}. {verdict} The test loss was lowest, {lowest:.3f}, "
        f"at epoch {low}, and highest after it, {peak:.3f}, at epoch {top}. {shape}"
    )
