"""Batches of texts of similar length."""

import random
from collections.abc import Sequence

# Batches are sorted by length within this many, then shuffled: little padding, yet mixed epochs.
BUCKET_BATCHES = 8


def bucketed(lengths: Sequence[int], batch_size: int, rng: random.Random) -> list[list[int]]:
    """Row numbers in batches of similar length, in random order.

    Rows are taken BUCKET_BATCHES batches at a time and sorted by length within; the last batch of the
    epoch may be smaller.
    """
    batches = []
    span = batch_size * BUCKET_BATCHES
    for first in range(0, len(lengths), span):
        rows = sorted(range(first, min(first + span, len(lengths))), key=lengths.__getitem__)
        batches += [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    rng.shuffle(batches)
    return batches
