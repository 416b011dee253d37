"""A Markdown page for a browser."""

from pathlib import Path

from dsi.report.web_page import web_page, write_page

PAGE = """# Study: how far?

A sentence with <script>alert(1)</script> and `code`.

## The words

|      |    MAP |
|:-----|-------:|
| BM25 | 0.6110 |
"""


def test_tables_are_tables_and_sections_are_linked() -> None:
    page = web_page(PAGE)
    assert "<title>Study: how far?</title>" in page
    assert '<nav><a href="#the-words">The words</a></nav>' in page
    assert '<h2 id="the-words">The words</h2>' in page
    assert '<td style="text-align:right">0.6110</td>' in page


def test_html_in_a_page_is_shown_and_not_obeyed() -> None:
    assert "<script" not in web_page(PAGE)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in web_page(PAGE)


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert not {"src=", "@import", "url(", "<link"} & set(web_page(PAGE).split())
    assert "http" not in web_page(PAGE)


def test_a_page_is_written_in_both_forms(tmp_path: Path) -> None:
    write_page(PAGE, tmp_path / "x.md")
    assert (tmp_path / "x.md").read_text(encoding="utf-8") == PAGE
    assert (tmp_path / "x.html").read_text(encoding="utf-8") == web_page(PAGE)
