"""What is not pruned: the dense model's share of BM25, and what chance gives."""

import pandas as pd
import pytest

from dsi.evaluation.reference_differences import ReferenceDifference
from dsi.report.frames import metrics_frame
from dsi.report.over_seeds import summarise
from dsi.report.sections.baselines import baselines_section
from dsi.report.sections.introduction import Configured, describe_study
from dsi.report.summary import spreads
from tests.report.conftest import FACTS, all_reports, row

NO_ROWS = pd.DataFrame(columns=list(ReferenceDifference._fields))


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        (1000, "With 1,000 documents R@1000 is 1 for every ranking of them all."),
        (4000, "Among 4,000 documents a random ranking is expected to have R@1000 0.2500 and R@100 0.0250."),
    ],
)
def test_a_random_ranking_finds_as_many_as_its_depth_allows(documents: int, words: str) -> None:
    summary = summarise(metrics_frame(all_reports()))
    study = describe_study(Configured(**FACTS), documents, all_reports())  # type: ignore[arg-type]
    section = baselines_section(study, spreads(summary[summary["split"] == "test"]), NO_ROWS, 0.95)
    assert words in section
    assert "- dsi: the MAP of dense E1 is 91.7 % of BM25's." in section  # 0.55 / 0.6


def test_without_values_of_bm25_its_share_is_left_out() -> None:
    """As of a split of which no query is judged."""
    summary = summarise(metrics_frame(all_reports()))
    study = describe_study(Configured(**FACTS), 2000, all_reports())  # type: ignore[arg-type]
    known = summary[(summary["split"] == "test") & (summary["arm"] != "bm25")]
    section = baselines_section(study, spreads(known), NO_ROWS, 0.95)
    assert "of BM25's" not in section
    assert "- Among 2,000 documents" in section


@pytest.mark.parametrize(
    ("seeds", "about"), [(3, "seeds and queries both samples"), (1, "one seed says nothing")]
)
def test_the_difference_from_each_reference_has_its_interval(seeds: int, about: str) -> None:
    summary = summarise(metrics_frame(all_reports()))
    study = describe_study(Configured(**FACTS), 2000, all_reports())  # type: ignore[arg-type]
    references = pd.DataFrame(
        ReferenceDifference("dsi", arm, measure, seeds, 20, 0.55, 0.6, -0.0194, -0.0589, 0.0208)
        for arm in ("bm25", "initial")
        for measure in ("MAP", "nDCG@10")
    )
    values = spreads(summary[summary["split"] == "test"])
    section = baselines_section(study, values, references, 0.95)
    _, table = section.split("Dense E1 minus what needs no network")
    assert about in table
    assert row(table, "dsi, dense E1 minus") == ["dsi, dense E1 minus", "MAP", "nDCG@10"]
    assert row(table, "BM25")[1:] == ["-0.0194 [-0.0589, +0.0208]"] * 2
    assert row(table, "initial")[1] == "-0.0194 [-0.0589, +0.0208]"
