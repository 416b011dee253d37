"""Numbers and tables as they stand in Markdown."""

import math

from dsi.report.markdown import Spread, brief_percent, narrow_tables, percent, pipe_table, plus_minus


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


def test_a_wide_table_becomes_several_with_the_same_first_column() -> None:
    table = pipe_table(
        ["", "MAP", "MRR@10", "loss"], [["dense", "0.5", "0.6", "2.1"], ["bm25", "0.61", "", "–"]]
    )
    page = f"# Title\n\n{table}\n\nMore words.\n"
    assert narrow_tables(page, 40) == page
    assert narrow_tables(page, 34).splitlines() == [
        "# Title",
        "",
        "|       |   MAP |   MRR@10 |",
        "|:------|------:|---------:|",
        "| dense |   0.5 |      0.6 |",
        "| bm25  |  0.61 |          |",
        "",
        "|       |   loss |",
        "|:------|-------:|",
        "| dense |    2.1 |",
        "| bm25  |      – |",
        "",
        "More words.",
    ]


def test_text_that_is_too_wide_goes_on_in_rows_below() -> None:
    table = pipe_table(
        ["word", "what it says"], [["loss", "of the right output, in nats"], ["R", "x"]], "left"
    )
    assert narrow_tables(table, 33).splitlines() == [
        "| word   | what it says         |",
        "|:-------|:---------------------|",
        "| loss   | of the right output, |",
        "|        | in nats              |",
        "| R      | x                    |",
    ]
