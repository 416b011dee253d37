"""The claim that a larger K needs fewer epochs."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from dsi.report.markdown import Spread, paragraph, pipe_table, plus_minus
from dsi.report.reproduction.histories import (
    VALIDATION_LOSS,
    VALIDATION_MAP,
    Histories,
    by_epoch,
    dense_histories,
)
from dsi.report.reproduction.published import PublishedRow


class Turn(NamedTuple):
    """Where one training turned: epochs run, and those of the lowest loss and of the first best MAP.

    best_map is None where the MAP never left 0.
    """

    row: PublishedRow
    seed: int
    epochs: int
    lowest_loss: int
    best_map: int | None


def turning_points(rows: Sequence[PublishedRow], histories: Histories) -> list[Turn]:
    """Of every dense row and seed that was trained; of rows that differ in epochs alone, the longest."""
    longest: dict[tuple[str, int, int, int], Turn] = {}
    for row, seed, history in dense_histories(rows, histories):
        loss, quality = (by_epoch(history, column) for column in (VALIDATION_LOSS, VALIDATION_MAP))
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
    parts.append(paragraph(words))
    return "\n\n".join(parts)


def _seeds(turns: Sequence[Turn]) -> int:
    return len({turn.seed for turn in turns})


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
    return paragraph(f"**{name}**: {'; '.join(texts) or 'no pair to compare'}.")
