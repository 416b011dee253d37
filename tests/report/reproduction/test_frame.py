"""Measured values of the ranked-list task as a frame."""

import pytest

from dsi.report.reproduction.frame import reproduction_frame
from dsi.report.results import ReportError
from tests.report.reproduction.conftest import pruned_reports, report


def test_a_frame_has_a_row_for_each_system_and_split() -> None:
    frame = reproduction_frame(pruned_reports(1, 0.002, 0.002))
    assert len(frame) == 8
    assert list(frame["arm"].unique()) == ["dense", "restart", "recovered"]
    assert set(frame["k"]) == {5}


def test_reports_that_do_not_fit_are_refused() -> None:
    one = report("small-k5", "dense")
    with pytest.raises(ReportError, match="two metric files"):
        reproduction_frame([one, one])
    with pytest.raises(ReportError, match="no metric file holds"):
        reproduction_frame([one._replace(published=None)])
    published = dict(one.published or {})
    published["test"] = {name: value for name, value in published["test"].items() if name != "repeated"}
    with pytest.raises(ReportError, match="baselines/small-k5/seed1/dense lack repeated"):
        reproduction_frame([one._replace(published=published)])
