"""Tables that are too wide become several, text goes on below."""

from dsi.report.markdown import pipe_table
from dsi.report.narrow import narrow_tables


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
