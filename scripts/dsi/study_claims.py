"""What the measurements say about the study's three claims.

Pure functions on data frames. Every sentence is computed, and says what one run per row cannot tell. Does
not know where files lie or how a model is trained. Source: the study's claims, docs/study.md.

Frames
    study      as in dsi.study_tables.
    histories  by (baseline, seed): one row per epoch of E1 with epoch, validation_loss,
               validation_MAP-published; for claim 2 also test_loss, test_MAP-published.
"""

import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

import pandas as pd

from dsi.published import DIGITS
from dsi.reporting import ABSENT, ARMS, Spread, percent, pipe_table, plus_minus
from dsi.statistics import mean_interval
from dsi.study_tables import PublishedRow, systems_of

Histories = Mapping[tuple[str, int], pd.DataFrame]

CLAIMED_RATES = (0.2, 0.3)
CONFIDENCE = 0.95
VALIDATION_LOSS, VALIDATION_MAP = "validation_loss", "validation_MAP-published"
TEST_LOSS, TEST_MAP, TEST_RECALL = "test_loss", "test_MAP-published", "test_R@1000-published"
MEASURES = {"MAP": "MAP-published", "R@1000": "R@1000-published"}
# With fewer epochs after the turn a rank correlation says nothing.
LEAST_EPOCHS = 4
# A rank correlation that is called a trend.
CLEAR = 0.5
BEHIND, UNTOLD, AHEAD = "behind", "cannot be told", "ahead"


class Turn(NamedTuple):
    """Where one training turned: epochs run, and those of the lowest loss and of the first best MAP.

    best_map is None where the MAP never left 0.
    """

    row: PublishedRow
    seed: int
    epochs: int
    lowest_loss: int
    best_map: int | None


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


class Comparison(NamedTuple):
    """A recovered row minus a control by one measure: the published difference, and ours by seed.

    published is None where the study has no such row; lists: how many test queries, answered
    perfectly instead of with nothing, make up a difference of 1.
    """

    rate: float
    control: str
    measure: str
    published: float | None
    differences: list[float]
    lists: float

    @property
    def mean(self) -> float:
        """Over the seeds. Values have 5 digits: what lies far below them is of the arithmetic."""
        return round(fmean(self.differences), 2 * DIGITS)

    @property
    def verdict(self) -> str:
        """By the interval over seeds. One seed has none; equal differences have none, for it is the
        rounding to 5 digits that makes them so.
        """
        if len(set(self.differences)) == 1:
            return UNTOLD
        lower, upper = mean_interval(self.differences, CONFIDENCE)
        return AHEAD if lower > 0 else BEHIND if upper < 0 else UNTOLD


def claims_section(rows: Sequence[PublishedRow], frame: pd.DataFrame, histories: Histories) -> str:
    """The Markdown section with the evidence for and against each claim."""
    return f"""## The study's claims

### 1. "A larger K needs fewer epochs"

{epochs_claim(rows, histories)}

### 2. "MAP and recall rise with more epochs although the loss rises too"

{descent_claim(rows, histories)}

### 3. "Pruned beats dense at rates 0.2 and 0.3"

{pruning_claim(rows, frame)}
"""


def turning_points(rows: Sequence[PublishedRow], histories: Histories) -> list[Turn]:
    """Of every dense row and seed that was trained; of rows that differ in epochs alone, the longest."""
    longest: dict[tuple[str, int, int, int], Turn] = {}
    for row, seed, history in _dense_histories(rows, histories):
        loss, quality = (_by_epoch(history, column) for column in (VALIDATION_LOSS, VALIDATION_MAP))
        best = max(quality, key=lambda epoch: quality[epoch])
        turn = Turn(
            row,
            seed,
            max(loss),
            min(loss, key=lambda epoch: loss[epoch]),
            best if quality[best] > 0 else None,
        )
        key = (row.name, row.k, row.batch, seed)
        if key not in longest or longest[key].epochs < turn.epochs:
            longest[key] = turn
    return list(longest.values())


def epochs_claim(rows: Sequence[PublishedRow], histories: Histories) -> str:
    """Epochs to the turn by K, and how many pairs of rows of one model agree."""
    turns = turning_points(rows, histories)
    if not turns:
        return "Not run: no dense row of the study was trained here."
    header = ["model", "K", "batch", "epochs run", "lowest validation loss at", "best validation MAP at"]
    lines = []
    for row in dict.fromkeys(turn.row.baseline for turn in turns):
        same = [turn for turn in turns if turn.row.baseline == row]
        first = same[0].row
        lines.append(
            [
                first.name,
                str(first.k),
                str(first.batch),
                _epochs([turn.epochs for turn in same]),
                _epochs([turn.lowest_loss for turn in same]),
                _epochs([turn.best_map for turn in same]),
            ]
        )
    parts = [pipe_table(header, lines)]
    parts += [
        _pairs_sentence(turns, what, epoch)
        for what, epoch in (
            ("lowest validation loss", lambda turn: turn.lowest_loss),
            ("best validation MAP", lambda turn: turn.best_map),
        )
    ]
    ended = [turn for turn in turns if turn.best_map == turn.epochs]
    if ended:
        parts.append(
            f"In {len(ended)} of {len(turns)} runs the best MAP is that of the last epoch: with more epochs "
            "it might have come later still."
        )
    words = (
        "A larger batch makes fewer steps in an epoch, so only pairs of the same batch size speak of K alone."
        + (" One run per row: each pair may have fallen so by chance." if _seeds(turns) == 1 else "")
    )
    parts.append(_paragraph(words))
    return "\n\n".join(parts)


def long_run(history: pd.DataFrame) -> LongRun:
    """What test loss, MAP and recall did after the epoch of the lowest test loss."""
    loss = _by_epoch(history, TEST_LOSS)
    last, lowest = max(loss), min(loss, key=lambda epoch: loss[epoch])
    peak = max((epoch for epoch in loss if epoch >= lowest), key=lambda epoch: loss[epoch])
    after = history[history["epoch"] >= lowest]
    quality = _by_epoch(history, TEST_MAP)
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
        for row, seed, history in _dense_histories(rows, histories)
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
    parts = [_paragraph(words), pipe_table(header, lines)]
    parts += [_descent_words(row, seed, run) for row, seed, run in tracked if run.epochs == longest]
    return "\n\n".join(parts)


def comparisons(rows: Sequence[PublishedRow], frame: pd.DataFrame) -> list[Comparison]:
    """Every recovered row against the dense row of its model and K, and against its own controls."""
    found: list[Comparison] = []
    for row in rows:
        if row.arm != "recovered" or row.rate is None:
            continue
        dense = dense_row(rows, row)
        controls = [(_dense_name(dense), dense)] if dense else []
        for arm in ("restart", "dense-continued"):
            nothing: dict[str, float | None] = dict.fromkeys(row.values)
            unpruned = row._replace(arm=arm, criterion=None, rate=None, values=nothing)
            controls.append((ARMS[arm], unpruned))
        for name, control in controls:
            found += _compared(row, name, control, frame)
    return found


def dense_row(rows: Sequence[PublishedRow], pruned: PublishedRow) -> PublishedRow | None:
    """The dense row that a pruned one is claimed to beat: of its model and K, the best, else the last."""
    same = [row for row in rows if row.arm == "dense" and (row.name, row.k) == (pruned.name, pruned.k)]
    best = [row for row in same if row.best]
    chosen = best or same
    return chosen[-1] if chosen else None


def pruning_claim(rows: Sequence[PublishedRow], frame: pd.DataFrame) -> str:
    """Differences at every rate, what they amount to, and what the claimed rates say."""
    compared = comparisons(rows, frame)
    if not compared:
        return "Not run: no recovered row of the study was trained here together with a control."
    words = (
        "Recovered minus control on the test queries, by the measures as published. *In lists*: the number "
        "of test queries which, answered perfectly instead of with nothing, would make up the difference. "
        f"The interval is that of {100 * CONFIDENCE:g} %, Student's t over seeds; one run per row has none. "
        f"{ARMS['restart']} is the control of the same training, unpruned."
    )
    parts = [_paragraph(words)]
    for baseline in dict.fromkeys(row.baseline for row in rows if row.arm == "recovered"):
        of_baseline = [row for row in rows if row.baseline == baseline and row.arm == "recovered"]
        chosen = comparisons([*_dense(rows), *of_baseline], frame)
        if chosen:
            parts += [f"**{of_baseline[0].name}, K {of_baseline[0].k}**", _resolution(chosen)]
            parts += [_comparison_table(chosen, measure) for measure in MEASURES]
            parts += [_published_words(chosen)] if any(item.published is not None for item in chosen) else []
            parts += [
                _claim_words([item for item in chosen if item.control == control], control)
                for control in dict.fromkeys(item.control for item in chosen)
            ]
    return "\n\n".join(parts)


def _dense(rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    return [row for row in rows if row.arm == "dense"]


def _dense_histories(
    rows: Sequence[PublishedRow], histories: Histories
) -> Iterator[tuple[PublishedRow, int, pd.DataFrame]]:
    for row in _dense(rows):
        for baseline, seed in sorted(histories):
            if baseline == row.baseline:
                yield row, seed, histories[baseline, seed]


def _seeds(turns: Sequence[Turn]) -> int:
    return len({turn.seed for turn in turns})


def _by_epoch(history: pd.DataFrame, column: str) -> dict[int, float]:
    return dict(zip(history["epoch"].tolist(), history[column].tolist(), strict=True))


def _epochs(values: Sequence[int | None]) -> str:
    """Mean ± standard deviation of epochs; `MAP 0` where a measure never left 0 in any run."""
    known = pd.Series([value for value in values if value is not None], dtype="float64")
    if known.empty:
        return "always 0"
    text = plus_minus(Spread(float(known.mean()), float(known.std())), 0 if len(known) == 1 else 1)
    return text if len(known) == len(values) else f"{text} ({len(values) - len(known)} always 0)"


def _pairs_sentence(turns: Sequence[Turn], what: str, epoch: Callable[[Turn], int | None]) -> str:
    """How often the larger K reached it earlier: pairs of one model and seed, by batch size."""
    counts = {True: [0, 0, 0], False: [0, 0, 0]}
    for first, second in combinations(turns, 2):
        small, large = sorted((first, second), key=lambda turn: turn.row.k)
        at_small, at_large = epoch(small), epoch(large)
        if small.row.name != large.row.name or small.seed != large.seed or small.row.k == large.row.k:
            continue
        if at_small is None or at_large is None:
            continue
        sign = (at_large > at_small) - (at_large < at_small)
        counts[small.row.batch == large.row.batch][sign + 1] += 1
    texts = []
    for same, (earlier, equal, later) in counts.items():
        if pairs := earlier + equal + later:
            of_size = "the same batch size" if same else "different batch sizes"
            texts.append(
                f"of {pairs} pairs with {of_size} the larger K reached it earlier in {earlier}, "
                f"later in {later}, at the same epoch in {equal}"
            )
    name = what[0].upper() + what[1:]
    return _paragraph(f"**{name}**: {'; '.join(texts) or 'no pair to compare'}.")


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
        return _paragraph(
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
    return _paragraph(
        f"{start} From epoch {low} to {end} the test loss "
        f"{_trend(run.loss)}, MAP {_trend(both['MAP'])} from {run.quality[0]:.5f} to {run.quality[1]:.5f}, "
        f"and Recall@1000 {_trend(both['Recall@1000'])}. {verdict} The test loss was lowest, {lowest:.3f}, "
        f"at epoch {low}, and highest after it, {peak:.3f}, at epoch {top}. {shape}"
    )


def _paragraph(text: str) -> str:
    """Wrapped, so that the Markdown reads raw too."""
    return textwrap.fill(text, 105, break_long_words=False, break_on_hyphens=False)


def _dense_name(row: PublishedRow) -> str:
    return f"dense, {row.epochs} epochs"


def _compared(
    row: PublishedRow, name: str, control: PublishedRow, frame: pd.DataFrame
) -> Iterator[Comparison]:
    """By each measure, seed by seed."""
    ours, theirs = systems_of(frame, row), systems_of(frame, control)
    seeds = sorted(set(ours["seed"]) & set(theirs["seed"]))
    if not seeds or row.rate is None:
        return
    queries = float(ours["queries"].iloc[0])
    ceilings = {"MAP": 1.0, "R@1000": float(ours["R@1000-ceiling"].iloc[0])}
    for measure, column in MEASURES.items():
        recovered, unpruned = (
            dict(zip(systems["seed"], systems[column], strict=True)) for systems in (ours, theirs)
        )
        yield Comparison(
            row.rate,
            name,
            measure,
            _difference(row.values[measure], control.values[measure]),
            [round(float(recovered[seed] - unpruned[seed]), DIGITS) for seed in seeds],
            queries / ceilings[measure] if ceilings[measure] else math.nan,
        )


def _difference(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else round(first - second, DIGITS)


def _comparison_table(compared: Sequence[Comparison], measure: str) -> str:
    name = _name(measure)
    header = ["rate", "against", f"{name}: study", "in lists", f"{name}: here", "in lists", "interval"]
    lines = []
    for item in compared:
        if item.measure != measure:
            continue
        study = [ABSENT, ABSENT]
        if item.published is not None:
            study = [f"{item.published:+.5f}", f"{item.published * item.lists:+.1f}"]
        lower, upper = mean_interval(item.differences, CONFIDENCE)
        interval = ABSENT if math.isnan(lower) else f"{lower:+.5f} to {upper:+.5f}"
        here = [f"{item.mean:+.5f}", f"{item.mean * item.lists:+.1f}"]
        lines.append([f"{item.rate:g}", item.control, *study, *here, interval])
    return pipe_table(header, lines)


def _resolution(compared: Sequence[Comparison]) -> str:
    """What the last published digit amounts to."""
    lists = {item.measure: item.lists * 10**-DIGITS for item in compared}
    return _paragraph(
        f"Values have {DIGITS} digits: the last one is {lists['MAP']:.2g} lists for MAP and "
        f"{lists['R@1000']:.2g} for Recall@1000, whose ceiling is {lists['MAP'] / lists['R@1000']:.4f}."
    )


def _published_words(compared: Sequence[Comparison]) -> str:
    """What the study's own tables say at the rates that it claims."""
    claimed = [item for item in compared if item.published is not None and item.rate in CLAIMED_RATES]
    others = [item for item in compared if item.published is not None and item.rate not in CLAIMED_RATES]
    texts = []
    for measure in MEASURES:
        above, of_others = (
            [item for item in items if item.measure == measure and (item.published or 0) > 0]
            for items in (claimed, others)
        )
        most = max((item.lists * (item.published or 0) for item in above), default=0)
        texts.append(
            f"{_name(measure)} is above the dense row's at {len(above)} of the claimed rates"
            + (f", by {most:.1f} lists at most," if above else "")
            + f" and at {len(of_others)} of the other {len(others) // len(MEASURES)}"
        )
    return _paragraph(f"**The study's own tables**, without intervals: {'; '.join(texts)}.")


def _claim_words(compared: Sequence[Comparison], control: str) -> str:
    """Against one control: a verdict on the claimed rates, and how the others compare."""
    claimed = [item for item in compared if item.rate in CLAIMED_RATES]
    start = f"**Here, against {control}, rates {' and '.join(f'{rate:g}' for rate in CLAIMED_RATES)}**:"
    if {item.rate for item in claimed} != set(CLAIMED_RATES):
        return f"{start} not tested, not both were run."
    verdicts = [item.verdict for item in claimed]
    seeds = min(len(item.differences) for item in claimed)
    if all(verdict == AHEAD for verdict in verdicts):
        answer = f"the evidence of {seeds} seeds supports the claim, on both measures at both rates"
    elif BEHIND in verdicts:
        answer = f"the evidence of {seeds} seeds contradicts the claim"
    elif seeds == 1:
        answer = "whether the claim holds cannot be told, for one run per row has no interval"
    else:
        answer = f"whether the claim holds cannot be told from {seeds} seeds"
    upward = sum(item.mean > 0 for item in claimed)
    others = [item for item in compared if item.rate not in CLAIMED_RATES]
    above = sum(item.mean > 0 for item in others)
    rest = f"; of those at the other rates, {above} of {len(others)} do" if others else ""
    return _paragraph(f"{start} {answer}. {upward} of the {len(claimed)} differences lie above 0{rest}.")


def _name(measure: str) -> str:
    return {"R@1000": "Recall@1000"}.get(measure, measure)
