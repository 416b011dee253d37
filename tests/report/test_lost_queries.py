"""Queries lost first: pairs, groups and rates worked by hand."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dsi.report.lost_queries import (
    ANOTHER_SEED,
    LostQueriesError,
    found_frame,
    groupings,
    kept_frame,
    lost_frame,
    pairs_frame,
    read_found,
)
from dsi.systems import System

QUERIES = pd.DataFrame(
    {"qid": ["q1", "q2", "q3"], "text": ["one", "one two", "one two three"], "split": "test"}
)
# MRR@10 of q1, q2, q3: the dense models of seeds 1 and 2 find two each, of which pruning loses some.
VALUES = {
    ("bm25", None, None): [1.0, 0.5, 0.0],
    ("dense", None, 1): [1.0, 0.5, 0.0],
    ("dense", None, 2): [1.0, 0.0, 0.1],
    ("restart", None, 1): [0.5, 0.0, 0.3],
    ("restart", None, 2): [1.0, 0.2, 0.1],
    ("pruned", 0.5, 1): [1.0, 0.1, 0.2],
    ("pruned", 0.5, 2): [0.5, 0.3, 0.0],
    ("pruned", 0.9, 1): [0.0, 0.0, 0.0],
    ("pruned", 0.9, 2): [0.1, 0.0, 0.0],
    ("recovered", 0.5, 1): [1.0, 0.5, 0.0],
    ("recovered", 0.5, 2): [1.0, 0.0, 0.2],
    ("recovered", 0.9, 1): [0.0, 0.2, 0.0],
    ("recovered", 0.9, 2): [0.0, 0.0, 0.3],
}


def system(arm: str, rate: float | None, seed: int | None) -> System:
    return System("dsi" if seed else None, seed, arm, "magnitude" if rate else None, rate)


def per_query(values: list[float]) -> pd.DataFrame:
    rows = [("test", "MRR@10"), ("test", "MAP"), ("validation", "MRR@10")]
    frame = pd.DataFrame({"qid": QUERIES["qid"], "value": values})
    return pd.concat([frame.assign(split=split, measure=measure) for split, measure in rows])


def found(*left_out: str) -> pd.DataFrame:
    kept = {key: values for key, values in VALUES.items() if key[0] not in left_out}
    return found_frame([(system(*key), per_query(values)) for key, values in kept.items()], "test")


def test_pairs_are_what_dense_models_find() -> None:
    pairs = pairs_frame(found(), QUERIES)
    assert len(found()) == 3 * len(VALUES)
    dense = pairs[(pairs["arm"] == "recovered") & (pairs["rate"] == 0.9)]
    assert list(zip(dense["seed"], dense["qid"], dense["first"], dense["kept"], strict=True)) == [
        (1, "q1", 1.0, False),
        (1, "q2", 0.5, True),
        (2, "q1", 1.0, False),
        (2, "q3", 0.1, True),
    ]
    assert list(dense["words"]) == [1, 2, 1, 3]
    assert list(dense["bm25"]) == [1.0, 0.5, 1.0, 0.0]


def test_groups_by_hand() -> None:
    pairs = pairs_frame(found(), QUERIES)
    rows = pairs[(pairs["arm"] == "pruned") & (pairs["rate"] == 0.5)]
    groups = {name: list(values[rows.index]) for name, values in groupings(pairs).items()}
    assert groups == {
        "rank of the first relevant document": [
            "dense rank 1",
            "dense rank 2–3",
            "dense rank 1",
            "dense rank 4–10",
        ],
        "BM25": ["BM25 rank 1", "BM25 rank 2–10", "BM25 rank 1", "not in BM25's first 10"],
        # A third of the lengths 1, 2, 3 lies below 5/3, two thirds below 7/3.
        "length of the query": ["up to 1 words", "2 to 2 words", "up to 1 words", "more than 2 words"],
    }


def test_shares_kept_by_hand() -> None:
    frame = kept_frame(pairs_frame(found(), QUERIES)).set_index(["arm", "rate", "group"])
    assert frame.loc[("pruned", 0.5, "dense rank 1"), ["pairs", "kept"]].tolist() == [2, 1.0]
    assert frame.loc[("pruned", 0.9, "dense rank 1"), "kept"] == 0.5
    assert frame.loc[("recovered", 0.9, "BM25 rank 1"), "kept"] == 0.0
    assert frame.loc[("pruned", 0.5, "not in BM25's first 10"), "kept"] == 0.0
    assert set(frame["pairs"]) == {1, 2}


def test_what_retraining_alone_keeps_by_hand() -> None:
    """Seed 1 finds q1 and q2, seed 2 q1 and q3; restart loses q2 of seed 1, the other seed all but q1."""
    frame = kept_frame(pairs_frame(found(), QUERIES))
    unpruned = frame[frame["rate"].isna()].set_index(["arm", "group"])
    assert unpruned.loc[("restart", "dense rank 1"), ["pairs", "kept"]].tolist() == [2, 1.0]
    assert unpruned.loc[("restart", "dense rank 2–3"), "kept"] == 0.0
    assert unpruned.loc[(ANOTHER_SEED, "dense rank 1"), "kept"] == 1.0
    assert unpruned.loc[(ANOTHER_SEED, "dense rank 4–10"), "kept"] == 0.0
    one = found()
    one = one[one["seed"].isna() | (one["seed"] == 1)]
    assert set(pairs_frame(one, QUERIES)["arm"]) == {"pruned", "recovered", "restart"}


def test_the_first_to_go_is_listed_first() -> None:
    frame = lost_frame(pairs_frame(found(), QUERIES))
    assert list(frame["qid"]) == ["q1", "q3", "q2"]
    first = frame.iloc[0]
    # One of two seeds is half, which is not fewer.
    assert pd.isna(first["pruned_lost_at"])
    assert first["recovered_lost_at"] == 0.9
    assert frame.set_index("qid").loc["q3", "pruned_lost_at"] == 0.5
    assert frame.set_index("qid").loc["q2", "pruned_lost_at"] == 0.9
    assert frame.set_index("qid")["recovered_lost_at"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("arm", ["bm25", "dense", "recovered"])
def test_what_is_missing_is_named(arm: str) -> None:
    with pytest.raises(LostQueriesError, match=f"no values of '{arm}'"):
        pairs_frame(found(arm), QUERIES)


@pytest.fixture
def metrics(tmp_path: Path) -> list[Path]:
    """Metric files of all systems, of another baseline and of another criterion."""
    others = [System("other", 1, "dense", None, None), System("dsi", 1, "pruned", "random", 0.5)]
    systems = {system(*key): values for key, values in VALUES.items()} | dict.fromkeys(others, [0.0] * 3)
    paths = []
    for number, (one, values) in enumerate(systems.items()):
        path = tmp_path / f"{number:02d}.json"
        path.write_text(json.dumps({"system": one._asdict()}))
        per_query(values).to_parquet(path.with_suffix(".per_query.parquet"))
        paths.append(path)
    return paths


def test_systems_of_other_baselines_and_criteria_are_passed_over(metrics: list[Path]) -> None:
    read = read_found(metrics, "dsi", "magnitude", "test")
    pd.testing.assert_frame_equal(read, found())
