"""Published and measured values side by side, with numbers worked by hand."""

from dsi.report.reproduction.frame import reproduction_frame
from dsi.report.reproduction.published import published_rows
from dsi.report.reproduction.tables import published_section, published_table
from dsi.report.results import MetricReport
from dsi.systems import System
from tests.report.reproduction.conftest import claimed_rows, entry, pruned_reports, report


def test_published_and_measured_values_stand_side_by_side() -> None:
    rows = published_rows([entry(), entry("small-k10", K=10, best=False, loss=None, **{"R@1000": None})])
    frame = reproduction_frame(
        [
            report("small-k5", "dense", 1, **{"loss-published": 9.0, "MAP-published": 0.001}),
            report("small-k5", "dense", 2, **{"loss-published": 9.2, "MAP-published": 0.003}),
            MetricReport(System(None, None, "bm25", None, None), {}, {}, {}, None),
        ]
    )
    _, _, best, other = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in published_table(rows, frame).splitlines()
    )
    # Means and standard deviations: (9.0, 9.2) has 0.141421, (0.001, 0.003) has 0.00141421.
    expected = ["t5-small", "5", "8", "25", "0.001", "∞", "9.339", "9.100 ± 0.141", "0.00119"]
    assert best == [
        f"**{cell}**" for cell in [*expected, "0.00200 ± 0.00141", "0.00002", "0.00000 ± 0.00000"]
    ]
    assert other[1] == "10"
    assert other[6:] == ["–", "–", "0.00119", "–", "–", "–"]


def test_tables_show_controls_and_say_what_was_not_run() -> None:
    rows = [*claimed_rows(), *published_rows([entry("large", name="t5-large", table=1, MAP=None)])]
    text = published_section(rows, reproduction_frame(pruned_reports(1, 0.002, 0.002)))
    assert text.index("### Table 1: dense t5-large") < text.index("### Table 3: pruned t5-small")
    assert "Not run." in text
    assert "t5-small, K 5, restart (rate 0)" in text
    assert "0 of 1,400" in text
    assert "One run per row" in text
