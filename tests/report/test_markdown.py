"""Numbers and tables as they stand in Markdown."""

import math

from dsi.report.markdown import Spread, brief_percent, percent, pipe_table, plus_minus


def test_cells() -> None:
    assert plus_minus(Spread(0.60123, 0.00336)) == "0.6012 ± 0.0034"
    assert plus_minus(Spread(0.60123, math.nan)) == "0.6012"
    assert plus_minus(Spread(0.02, 0.01), signed=True) == "+0.0200 ± 0.0100"
    assert plus_minus(None) == "–"
    assert plus_minus(Spread(math.nan, math.nan)) == "–"
    assert percent(0.1456) == "14.56 %"
    assert percent(math.nan) == "–"


def test_a_percentage_without_digits_that_say_nothing() -> None:
    assert [brief_percent(share) for share in (0.95, 0.9, 0.975)] == ["95 %", "90 %", "97.5 %"]


def test_a_table_reads_raw_too() -> None:
    assert pipe_table(["", "MAP"], [["dense", "0.5"], ["bm25", "0.61"]]).splitlines() == [
        "|       |   MAP |",
        "|:------|------:|",
        "| dense |   0.5 |",
        "| bm25  |  0.61 |",
    ]
