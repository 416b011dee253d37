"""A Markdown page as one HTML file: the same words, tables as tables, nothing loaded from elsewhere."""

import html
import re
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from dsi.base.files import write_text

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 66em; margin: 1.5em auto;
  padding: 0 1em; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2em; border-bottom: 1px solid #d5dbe1; }
table { display: block; overflow-x: auto; width: max-content; max-width: 100%; border-collapse: collapse;
  margin: 1em 0; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 10px; border-bottom: 1px solid #e3e8ed; white-space: nowrap; }
td[style="text-align:left"]:last-child { white-space: normal; min-width: 20em; }
th { background: #f1f4f7; text-align: left; }
tbody tr:hover { background: #f8fafc; }
code { background: #f1f4f7; padding: 0 3px; border-radius: 3px; }
nav { background: #f8fafc; border: 1px solid #e3e8ed; border-radius: 6px; padding: 6px 12px; }
nav a { margin-right: 1.2em; }
a { color: #0b5c94; }
"""


def write_page(markdown: str, path: Path) -> None:
    """Write a page as Markdown and, beside it, as HTML: x.md and x.html."""
    write_text(markdown, path)
    write_text(web_page(markdown), path.with_suffix(".html"))


def web_page(markdown: str) -> str:
    """The page with links to its sections on top; HTML within the Markdown is shown, not obeyed."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    sections = _anchored(tokens)
    title = next((name for tag, name, _ in sections if tag == "h1"), "")
    links = "".join(
        f'<a href="#{anchor}">{html.escape(name)}</a>' for tag, name, anchor in sections if tag == "h2"
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{f'<nav>{links}</nav>' if links else ''}\n"
        f"{parser.renderer.render(tokens, parser.options, {})}</body>\n</html>\n"
    )


def _anchored(tokens: list[Token]) -> list[tuple[str, str, str]]:
    """Tag, words and anchor of each heading; the anchors are put into the tokens."""
    found = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            anchor = re.sub(r"[^a-z0-9]+", "-", inline.content.lower()).strip("-")
            token.attrSet("id", anchor)
            found.append((token.tag, inline.content, anchor))
    return found
