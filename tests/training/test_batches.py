"""Batches: every row once, rows of similar length together."""

import random

import numpy as np

from dsi.training.batches import bucketed


def test_buckets_hold_similar_lengths_and_every_row_once() -> None:
    lengths = [random.Random(0).randint(1, 30) for _ in range(100)]
    groups = bucketed(lengths, 8, random.Random(1))
    assert sorted(row for group in groups for row in group) == list(range(100))
    spread = [max(lengths[row] for row in group) - min(lengths[row] for row in group) for group in groups]
    assert np.mean(spread) < 6
