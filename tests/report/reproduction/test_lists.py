"""Models that write lists where no row is published."""

from dsi.report.reproduction.frame import reproduction_frame
from dsi.report.reproduction.lists import lists_section
from tests.report.reproduction.conftest import report


def test_without_published_rows_lists_are_measured_all_the_same() -> None:
    reports = [
        report("lists", "dense", 1, **{"MAP-published": 0.2, "repeated": 0.5}),
        report("lists", "dense", 2, **{"MAP-published": 0.4, "repeated": 0.5}),
        report("lists", "recovered", 1, 0.5, **{"MAP-published": 0.125}),
    ]
    lines = lists_section(reproduction_frame(reports)).splitlines()
    (dense,) = (line for line in lines if "lists, dense E1 " in line)
    cells = [cell.strip() for cell in dense.strip("|").split("|")]
    assert cells[:3] == ["lists, dense E1", "5", "0.3000 ± 0.1414"]
    assert "0.00500 ± 0.00000" in cells  # the ceiling of 5 ids among 1,000
    assert any(line.startswith("| lists, recovered, magnitude 0.5 ") and "0.1250" in line for line in lines)
