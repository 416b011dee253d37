"""Splits: which queries are for training, validation and test.

A query's split is a column of the frame of queries: qid, text, split (train, validation, test).
"""

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
EVALUATED_SPLITS = (VALIDATION, TEST)


class SplitMethod(StrEnum):
    """How queries are divided at random."""

    PERMUTATION = "permutation"  # one seeded shuffle; the queries keep their order
    # The published study's: scikit-learn's function of that name, twice; the queries are reordered.
    TRAIN_TEST_SPLIT = "train_test_split"


class RandomSplit(NamedTuple):
    """A random division of queries.

    train, validation, test: fractions, which add up to 1; seed: of what is drawn.
    """

    train: float
    validation: float
    test: float
    seed: int
    method: SplitMethod = SplitMethod.PERMUTATION

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "RandomSplit":
        """From the keys of a configuration's section `split`."""
        train, validation, test = (values[name] for name in SPLITS)
        return cls(train, validation, test, values["seed"], SplitMethod(values["method"]))


class SplitError(ValueError):
    """The queries cannot be divided as asked; the message says why."""


def split_queries(queries: pd.DataFrame, split: RandomSplit) -> pd.DataFrame:
    """Queries with the column split.

    Judged queries and unjudged ones are divided alike; those without a relevant document are left out of
    means when they are evaluated. The order of the rows depends on the method: the given one with
    `permutation`; with `train_test_split` the training queries, then validation, then test, each in the
    order that scikit-learn draws them, as the published study averages over batches in that order.

    Args:
        queries: qid, text.

    Raises:
        SplitError: there are too few queries for the fractions.
    """
    if split.method == SplitMethod.PERMUTATION:
        return queries.assign(split=split_labels(len(queries), split))
    drawn = train_test_positions(len(queries), split)
    parts = [queries.iloc[drawn[name]].assign(split=name) for name in SPLITS]
    return pd.concat(parts, ignore_index=True)


def check_tested(queries: pd.DataFrame) -> None:
    """Refuse queries of which none is for tests.

    Raises:
        SplitError: all are for training or validation.
    """
    if not (queries["split"] == TEST).any():
        counts = queries["split"].value_counts().to_dict()
        raise SplitError(
            f"found {len(queries)} queries, of which none is for tests ({counts}); expected at least one: "
            "more queries, or a larger fraction in split, for example test: 0.5"
        )


def train_test_positions(count: int, split: RandomSplit) -> dict[str, list[int]]:
    """The published study's split of `count` queries: positions of each, in the order that they are drawn.

    train_test_split(test_size=test), then of the rest train_test_split(test_size=validation / (train +
    validation)), both with the seed: 6,980 queries at 0.7 / 0.1 / 0.2 give 4,886, 698 and 1,396.

    Raises:
        SplitError: scikit-learn finds too few queries.
    """
    from sklearn.model_selection import train_test_split

    train, validation, test = (Fraction(str(part)) for part in (split.train, split.validation, split.test))
    rest = list(range(count))
    drawn: dict[str, list[int]] = {TRAIN: [], VALIDATION: [], TEST: []}
    # As fractions, because 0.1 / (0.7 + 0.1) is above 0.125 in floating point, which rounds up to 699.
    for name, size in (
        (TEST, test),
        (VALIDATION, validation / (train + validation) if test < 1 else Fraction(0)),
    ):
        if size == 1:
            drawn[name], rest = rest, []
        elif size:
            try:
                rest, drawn[name] = train_test_split(rest, test_size=float(size), random_state=split.seed)
            except ValueError as error:
                raise SplitError(f"found {count} queries, too few to draw {name} from: {error}") from error
    return {**drawn, TRAIN: rest}


def published_splits(topics: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Queries of published splits below each other, training first: qid, text, split.

    Args:
        topics: qid, text, of each split that is published, keyed train, validation, test.

    Raises:
        SplitError: a qid occurs in two splits.
    """
    parts = [topics[name].assign(split=name) for name in SPLITS if name in topics]
    queries = pd.concat(parts, ignore_index=True)
    repeated = queries[queries["qid"].duplicated(keep=False)].sort_values("qid", kind="stable")
    if len(repeated):
        qid = repeated["qid"].iloc[0]
        first, again = repeated.loc[repeated["qid"] == qid, "split"].iloc[:2]
        raise SplitError(
            f"found topic {qid!r} in the splits {first} and {again}, as {repeated['qid'].nunique()} of "
            f"{len(queries)} topics; expected every topic in one split"
        )
    return queries


def split_labels(count: int, split: RandomSplit) -> list[str]:
    """The split of each of `count` queries: a seeded shuffle cut into test, validation, the rest train.

    The two held-out parts are rounded to whole queries: 10 queries at 0.7 / 0.1 / 0.2 give 7, 1, 2.
    """
    order = np.random.default_rng(split.seed).permutation(count)
    test = round(count * split.test)
    validation = round(count * split.validation)
    if split.train == 0:  # what rounding leaves is no training query
        test, validation = (test, count - test) if split.validation else (count, 0)
    labels = np.full(count, TRAIN, dtype=object)
    labels[order[:test]] = TEST
    labels[order[test : test + validation]] = VALIDATION
    return list(labels)
