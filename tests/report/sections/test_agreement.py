"""Agreement with BM25: its words name the measures' definitions."""

from dsi.report.frames import metrics_frame
from dsi.report.over_seeds import differences, summarise
from dsi.report.sections.agreement import agreement_section
from dsi.report.sections.introduction import Configured, describe_study
from dsi.report.summary import spreads
from tests.report.conftest import FACTS, all_reports, all_sparsity, row


def test_both_measures_are_explained_and_shown() -> None:
    metrics = metrics_frame(all_reports())
    metrics = metrics[metrics["split"] == "test"]
    study = describe_study(Configured(**FACTS), 50, all_reports())  # type: ignore[arg-type]
    values, changes = spreads(summarise(metrics)), spreads(differences(metrics))
    section = agreement_section(study, values, changes, all_sparsity())
    assert "\nBM25-MAP: average precision with BM25's first 10 documents as the relevant ones.\n" in section
    assert row(section, "") == ["", "BM25-MAP", "BM25-R@1000"]
    assert "dsi, magnitude:\n" in section
