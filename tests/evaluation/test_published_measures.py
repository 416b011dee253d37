"""The study's measures: answers worked by hand, and against a rewriting of the notebook's formulas."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsi.evaluation.published_measures import (
    STUDY_MEASURES,
    average_precision,
    mean_of_batch_means,
    published_average_precision,
    published_mean,
    published_recall,
    recall,
    recall_ceiling,
    study_measures,
)

DOCIDS = st.lists(st.sampled_from(["1", "2", "12", "21", "121", "45", "5"]), max_size=9)
TARGETS = st.lists(st.sampled_from(["1", "12", "21", "121", "45"]), max_size=5, unique=True)


def test_a_perfect_list_has_one_by_both_formulas() -> None:
    ids = ["7", "71", "712"]
    assert published_average_precision(ids, ids) == 1
    assert average_precision(ids, ids) == 1
    assert published_recall(ids, ids) == recall(ids, ids) == 1


@pytest.mark.parametrize(
    ("generated", "targets", "published", "defined"),
    [
        # "12" is in "312 45" and hits, but as an id it is none of the targets: precision 0 there.
        (["12"], ["312", "45"], 0.0, 0.0),
        (["12", "45"], ["312", "45"], (0 + 1 / 2) / 2, (1 / 2) / 2),
        # A substring hit after a real one takes the precision reached so far.
        (["45", "12"], ["312", "45"], (1 + 1 / 2) / 2, 1 / 2),
        # One hit of five targets, at the top: averaged over the hits it is 1, by definition 1 / 5.
        (["a", "x"], ["a", "b", "c", "d", "e"], (1 + 0) / 1, 1 / 5),
        # A repeated id hits again and lowers the published average; by definition it is not there.
        (["a", "a", "b"], ["a", "b"], (1 + 1 / 2 + 2 / 3) / 3, 1.0),
        # The space between two targets is part of the string, but white space is in no generated id.
        (["2 4"], ["312", "45"], 0.0, 0.0),
        ([], ["312", "45"], 0.0, 0.0),
        (["x"], [], 0.0, 0.0),
    ],
)
def test_average_precision_by_hand(
    generated: list[str], targets: list[str], published: float, defined: float
) -> None:
    assert published_average_precision(generated, targets) == pytest.approx(published)
    assert average_precision(generated, targets) == pytest.approx(defined)


def test_recall_is_of_sets_cut_at_1000() -> None:
    assert published_recall(["a", "a", "x"], ["a", "b"]) == 1 / 2
    late = ["x"] * 1000 + ["a"]
    assert published_recall(late, ["a"]) == 0
    # Of distinct ids, "a" is the second.
    assert recall(late, ["a"]) == 1
    assert published_recall([], ["a"]) == published_recall(["a"], []) == recall(["a"], []) == 0


def test_five_ids_find_at_most_five_of_a_thousand() -> None:
    relevant = [str(number) for number in range(1000)]
    assert recall_ceiling(5, relevant) == recall(relevant[:5], relevant) == 0.005
    assert recall_ceiling(5, ["a", "b"]) == 1
    assert recall_ceiling(5, []) == 0


def test_batches_are_averaged_before_their_means_are() -> None:
    # Batches (1, 0) and (0): means 0.5 and 0, though 1 of 3 queries has 1.
    assert mean_of_batch_means([1.0, 0.0, 0.0], 2) == 0.25
    # The single query of the last batch weighs as much as two others.
    assert mean_of_batch_means([0.0, 0.0, 1.0], 2) == 0.5
    assert mean_of_batch_means([1.0, 2.0, 3.0], 3) == mean_of_batch_means([1.0, 2.0, 3.0], 9) == 2
    assert published_mean([1 / 3], 1) == 0.33333
    assert published_mean([0.000004], 8) == 0


def notebook_average_precision(generated: list[str], targets: list[str]) -> float:
    """The notebook's two functions, in other words."""

    def precision(n: int) -> float:
        retrieved = generated[:n]
        return len(set(retrieved).intersection(" ".join(targets).split())) / len(retrieved)

    total, hits = 0.0, 0
    for i in range(len(generated)):
        if generated[i] in " ".join(targets):
            total += precision(i + 1)
            hits += 1
    return total / hits if hits else 0.0


@given(DOCIDS, TARGETS)
def test_published_average_precision_is_the_notebooks(generated: list[str], targets: list[str]) -> None:
    expected = notebook_average_precision(generated, targets)
    assert published_average_precision(generated, targets) == pytest.approx(expected)


@given(DOCIDS, TARGETS)
def test_average_precision_is_the_sum_over_targets(generated: list[str], targets: list[str]) -> None:
    """Of each target that is found: the share of targets down to its place, without repetitions."""
    distinct = [docid for place, docid in enumerate(generated) if docid not in generated[:place]]
    places = [distinct.index(docid) + 1 for docid in targets if docid in distinct]
    total = sum(sum(other <= place for other in places) / place for place in places)
    value = average_precision(generated, targets)
    assert value == pytest.approx(total / len(targets) if targets else 0)
    assert 0 <= value <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 50))
def test_means_differ_only_through_an_uneven_last_batch(values: list[float], size: int) -> None:
    value = mean_of_batch_means(values, size)
    if len(values) % size == 0 or len(values) < size:
        assert value == pytest.approx(sum(values) / len(values))
    assert min(values) - 1e-12 <= value <= max(values) + 1e-12


def outputs(lists: dict[str, tuple[str, str]]) -> pd.DataFrame:
    rows = [
        (qid, 0.1, float(place), short, full)
        for place, (qid, (short, full)) in enumerate(lists.items(), start=1)
    ]
    return pd.DataFrame(rows, columns=["qid", "loss", "padded_loss", "k_list", "full_list"])


def topk(lists: dict[str, list[str]]) -> pd.DataFrame:
    """Rows from the last rank to the first: the order in the file must not matter."""
    rows = [(qid, rank, docid) for qid, ids in lists.items() for rank, docid in enumerate(ids, start=1)]
    return pd.DataFrame(rows[::-1], columns=["qid", "rank", "docid"])


def test_measures_of_a_split_by_hand() -> None:
    """K = 2, batches of 2; BM25 finds nothing for q3, and q9 belongs to another split.

    q1  T = a b    P = b x   AP published 1, defined 1/2   full b x d b: 2 of D's 4, b repeated
    q2  T = ab c   P = a     AP published 0 (a is in "ab"), defined 0   full a: 0 of 2
    q3  T = –      P = a     0; not among the defined means
    """
    measures = study_measures(
        outputs({"q1": ("b x", "b x d b"), "q2": ("a", "a"), "q3": ("a", "")}),
        topk({"q1": ["a", "b", "c", "d"], "q2": ["ab", "c"], "q9": ["a"]}),
        k=2,
        batch_size=2,
    )
    assert tuple(measures) == STUDY_MEASURES
    assert measures == {
        "MAP-published": (1 / 2 + 0) / 2,
        "R@1000-published": ((2 / 4 + 0) / 2 + 0) / 2,
        "loss-published": (1.5 + 3) / 2,
        "MAP-defined": (1 / 2 + 0) / 2,
        "R@1000-defined": (2 / 4 + 0) / 2,
        "R@1000-ceiling": (2 / 4 + 2 / 2) / 2,
        "repeated": 1 / 5,
        "queries": 3,
        "queries-hit": 1,
    }


def test_measures_of_perfect_and_of_empty_lists() -> None:
    lists = {f"q{n}": [f"{n}-{rank}" for rank in range(1000)] for n in range(3)}
    perfect = {qid: (" ".join(ids[:5]), " ".join(ids[:5])) for qid, ids in lists.items()}
    best = study_measures(outputs(perfect), topk(lists), k=5, batch_size=8)
    assert best["MAP-published"] == best["MAP-defined"] == 1
    assert best["R@1000-published"] == best["R@1000-defined"] == best["R@1000-ceiling"] == 0.005
    assert best["queries-hit"] == best["queries"] == 3

    none = study_measures(outputs(dict.fromkeys(lists, ("", ""))), topk(lists), k=5, batch_size=8)
    found = {name: none[name] for name in none if name not in ("loss-published", "R@1000-ceiling", "queries")}
    assert set(found.values()) == {0}
