"""The queries that are lost, with both lists; groups of queries."""

from pathlib import Path

import pytest

from dsi.report.comparison.judged import Asked
from dsi.report.comparison.lost import Listed, by_groups, lost_queries
from dsi.report.comparison.sides import Pair, SideError, read_side
from tests.report.small_results import DENSE, PRUNED

ASKED = Asked(("MAP",), "test", None, 1)


def pair(study: Path, a: str, b: str) -> Pair:
    return Pair(read_side(str(study / a)).rankings, read_side(str(study / b)).rankings)


def test_the_largest_losses_come_first_with_the_lists_of_the_seed_that_loses_most(study: Path) -> None:
    found = lost_queries(pair(study, DENSE.format(seed="*"), PRUNED.format(seed="*")), ASKED, 9, 2)
    # q2 loses 1/2 in both seeds, q4 in the first.
    assert [(one.qid, one.seed, one.value_a, one.value_b) for one in found] == [
        ("q2", 1, 1.0, 0.5),
        ("q4", 1, 1.0, 0.5),
    ]
    assert found[0].text == "words of q2"
    assert found[0].relevant == ["r"]
    assert found[0].a_list == [Listed(1, "r", True, "right"), Listed(2, "a", False, "a | b")]
    assert [one.docid for one in found[0].b_list] == ["a", "r"]
    assert len(lost_queries(pair(study, DENSE.format(seed=1), PRUNED.format(seed=1)), ASKED, 1, 2)) == 1


def test_nothing_lost_is_an_empty_list(study: Path) -> None:
    assert lost_queries(pair(study, DENSE.format(seed=1), DENSE.format(seed=1)), ASKED, 5, 5) == []


def test_groups_by_the_length_of_the_query(study: Path) -> None:
    found = by_groups(pair(study, "bm25", DENSE.format(seed=1)), ASKED)
    (row,) = found["words"].to_dict("records")  # all have three words
    assert row == {"a": 0.708, "b": 0.875, "ratio": 1.235, "queries": 4}
    assert list(found["relevant"]["queries"]) == [4]


def test_without_a_study_there_are_lists_but_no_texts_and_no_groups(study: Path, tmp_path: Path) -> None:
    for name, slug in (("a", DENSE.format(seed=1)), ("b", PRUNED.format(seed=1))):
        (tmp_path / f"{name}.trec.gz").write_bytes((study / f"runs/{slug}.trec.gz").read_bytes())
    qrels = tmp_path / "qrels.txt"
    qrels.write_text("".join(f"q{number} 0 r 1\n" for number in range(1, 5)))
    both = pair(tmp_path, "a.trec.gz", "b.trec.gz")
    found = lost_queries(both, ASKED._replace(qrels=qrels), 1, 1)
    assert found[0].a_list == [Listed(1, "r", True, "")]
    with pytest.raises(SideError, match=r"expected judgements, for example --qrels qrels\.txt"):
        lost_queries(both, ASKED, 1, 1)
    with pytest.raises(SideError, match="--groups takes the lengths of queries from"):
        by_groups(both, ASKED._replace(qrels=qrels))
