"""Look-up in training queries: votes, sums of scores, and the weight that is chosen."""

import pandas as pd
import pytest

from dsi.bm25.lookup import added, normalised, votes, weighed


def run(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["qid", "docid", "score"])


def scores(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["docid"], frame["score"], strict=True))


def test_each_neighbour_votes_with_its_score() -> None:
    """a has 3 + 1, b 3, c 1; the neighbour that nobody judged has no vote."""
    neighbours = pd.DataFrame(
        [("q", "r1", 3.0), ("q", "r2", 1.0), ("q", "r3", 9.0)], columns=["qid", "neighbour", "score"]
    )
    relevant = {"r1": {"a", "b"}, "r2": {"a", "c"}}
    found = votes(neighbours, relevant, 10)
    assert scores(found) == {"a": 4.0, "b": 3.0, "c": 1.0}
    assert list(found["rank"]) == [1, 2, 3]
    assert list(votes(neighbours, relevant, 2)["docid"]) == ["a", "b"]


def test_scores_are_brought_between_0_and_1_within_each_list() -> None:
    frame = normalised(run(("1", "a", 5), ("1", "b", 3), ("1", "c", 1), ("2", "a", 7)))
    assert list(frame["score"]) == [1, 0.5, 0, 1]


def test_a_document_that_a_list_lacks_has_0_there() -> None:
    first = run(("1", "a", 4), ("1", "b", 2))
    second = run(("1", "b", 9), ("1", "c", 8), ("1", "d", 7), ("2", "a", 1))
    found = added(first, second, 0.4, 10)
    assert scores(found[found["qid"] == "1"]) == pytest.approx({"b": 0.6, "a": 0.4, "c": 0.3, "d": 0.0})
    assert scores(found[found["qid"] == "2"]) == pytest.approx({"a": 0.6})


def test_the_weight_is_the_best_one_nearest_to_the_middle() -> None:
    """The look-up has a and BM25 b: a is first where the look-up weighs more; at 0.5 b is, by docid."""
    first, second = run(("1", "a", 1)), run(("1", "b", 1))
    assert weighed(first, second, {"1": {"a"}}, 10).weight == 0.6
    assert weighed(first, second, {"1": {"b"}}, 10).weight == 0.5
    assert weighed(first, second, {}, 10) == (0.5, {})
