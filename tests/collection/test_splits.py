"""Splits: sizes by hand, the published study's as scikit-learn draws it, published ones without overlap."""

import pandas as pd
import pytest

from dsi.collection.splits import (
    SPLITS,
    RandomSplit,
    SplitError,
    SplitMethod,
    published_splits,
    split_labels,
    split_queries,
    train_test_positions,
)

SPLIT = RandomSplit(train=0.7, validation=0.1, test=0.2, seed=42)


def queries(count: int) -> pd.DataFrame:
    return pd.DataFrame({"qid": [f"q{n}" for n in range(count)], "text": "x"})


def test_the_published_studys_split_is_scikit_learns_in_its_order() -> None:
    from sklearn.model_selection import train_test_split

    whole = queries(6980)
    rest, test = train_test_split(whole, test_size=0.2, random_state=42)
    train, validation = train_test_split(rest, test_size=0.125, random_state=42)
    found = split_queries(whole, SPLIT._replace(method=SplitMethod.TRAIN_TEST_SPLIT))
    assert list(found["qid"]) == [*train["qid"], *validation["qid"], *test["qid"]]
    assert list(found["split"]) == ["train"] * 4886 + ["validation"] * 698 + ["test"] * 1396


@pytest.mark.parametrize(
    ("fractions", "sizes"),
    [((0, 0, 1), (0, 0, 10)), ((0, 0.5, 0.5), (0, 5, 5)), ((0.8, 0, 0.2), (8, 0, 2))],
)
def test_splits_may_be_empty(fractions: tuple[float, ...], sizes: tuple[int, ...]) -> None:
    drawn = train_test_positions(10, RandomSplit(*fractions, seed=42))
    assert tuple(len(drawn[name]) for name in SPLITS) == sizes
    assert sorted(position for part in drawn.values() for position in part) == list(range(10))


def test_too_few_queries_to_split_are_refused() -> None:
    with pytest.raises(SplitError, match=r"found 1 queries, too few to draw test from"):
        train_test_positions(1, SPLIT)


def test_a_permutation_keeps_the_order_of_the_queries() -> None:
    found = split_queries(queries(10), SPLIT)
    assert list(found["qid"]) == list(queries(10)["qid"])
    assert found["split"].value_counts().to_dict() == {"train": 7, "test": 2, "validation": 1}


def test_published_splits_share_no_query() -> None:
    parts = {"test": queries(2), "train": queries(4).iloc[2:]}
    assert list(published_splits(parts)["split"]) == ["train", "train", "test", "test"]
    with pytest.raises(SplitError, match=r"found topic 'q1' in the splits train and test, as 1 of 5 topics"):
        published_splits({"test": queries(2), "train": queries(4).iloc[1:]})


def test_split_has_the_rounded_sizes_and_depends_on_the_seed_alone() -> None:
    labels = split_labels(10, SPLIT)
    assert sorted(labels) == ["test"] * 2 + ["train"] * 7 + ["validation"]
    assert labels == split_labels(10, SPLIT)
    assert labels != split_labels(10, SPLIT._replace(seed=43))


def test_a_split_is_a_section_of_the_configuration() -> None:
    section = {"method": "train_test_split", "train": 0.7, "validation": 0.1, "test": 0.2, "seed": 42}
    assert RandomSplit.of(section) == SPLIT._replace(method=SplitMethod.TRAIN_TEST_SPLIT)


@pytest.mark.parametrize(
    ("fractions", "sizes"), [((0, 0.5, 0.5), (0, 3, 2)), ((0, 0, 1), (0, 0, 5)), ((0, 0.25, 0.75), (0, 1, 4))]
)
def test_what_rounding_leaves_is_no_training_query_where_none_are_wanted(
    fractions: tuple[float, float, float], sizes: tuple[int, int, int]
) -> None:
    train, validation, test = fractions
    labels = split_labels(5, SPLIT._replace(train=train, validation=validation, test=test))
    assert tuple(labels.count(name) for name in ("train", "validation", "test")) == sizes
