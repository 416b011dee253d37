"""The words that the tables use, at the end of the page."""

from dsi.report.sections.introduction import Configured, describe_study
from dsi.report.sections.words import measure_words, words_section
from tests.report.conftest import FACTS, all_reports


def test_measures_that_differ_by_their_cut_off_share_a_row() -> None:
    assert [name for name, _ in measure_words()] == ["MAP", "MRR@10", "nDCG@10", "R@k", "loss"]
    words = dict(measure_words())
    assert words["R@k"] == (
        "share of the relevant documents in the first k (10, 100, 1000); 0 to 1, higher is better"
    )
    assert words["loss"].endswith("from 0 upwards, lower is better")


def test_systems_that_no_table_has_are_not_explained() -> None:
    study = describe_study(Configured(**FACTS), 50, all_reports())  # type: ignore[arg-type]
    words = words_section(study, ["bm25", "dense", "lookup"])
    assert "- **look-up**: the training queries most like the query vote" in words
    assert "RM3" not in words
    assert "(n = 2) of these differences" in " ".join(words.split())
    assert max(map(len, words.splitlines())) <= 100
