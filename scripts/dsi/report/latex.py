"""Tables for papers: LaTeX in the style of booktabs, each in a file of its own, to be taken in by \\input.

tabulate lays them out and escapes what LaTeX would read as commands. Cells are plain text; the better of two
numbers is `bold`. Needs \\usepackage{booktabs}. Markdown tables of the pages come out with their numbers as
they are.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tabulate import LATEX_ESCAPE_RULES, tabulate

from dsi.base.files import write_text
from dsi.report.narrow import narrow_tables

LATEX = "latex"  # the folder beside CSV files
HEAD = r"% Written by this workflow; needs \usepackage{booktabs}."  # by which such files are known
# Private characters around what is bold, which no escaping touches.
_BOLD, _PLAIN = "\ue000", "\ue001"
# What pdflatex does not read as it stands, or sets as another sign.
_SIGNS = {
    _BOLD: r"\textbf{",
    _PLAIN: "}",
    "−": "$-$",
    "±": r"$\pm$",
    "–": "--",
    "…": r"\ldots{}",
    "→": r"$\rightarrow$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≡": r"$\equiv$",
    "×": r"$\times$",
    "·": r"$\cdot$",
}
# Sizes of letters, and up to how many signs in a row a table fits, the space between two columns being 1.5.
SIZES = {r"\small": 70, r"\footnotesize": 79, r"\scriptsize": 95}
WIDEST = 96  # signs of a line of a page's table, whose bars count, too
_NEGATIVE = re.compile(r"(?<![\w.)\]])-(?=\.?\d)")  # a minus, not a hyphen
_MARKUP = re.compile(r"\*\*|`|\[([^\]]*)\]\([^)]*\)")


class LatexTable(NamedTuple):
    """name: of the file, and of the label after `tab:`; rows have as many cells as the header."""

    name: str
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def bold(text: str) -> str:
    """A cell that is set in bold."""
    return f"{_BOLD}{text}{_PLAIN}"


def latex(table: LatexTable) -> str:
    """The table as a float; its first column is to the left, the others, of numbers, to the right."""
    shown = [[_NEGATIVE.sub("−", cell) for cell in row] for row in (table.header, *table.rows)]
    alignment = ["left", *["right"] * (len(table.header) - 1)]
    tabular = tabulate(
        shown[1:], shown[0], tablefmt="latex_booktabs", colalign=alignment, disable_numparse=True
    )
    lines = [
        HEAD,
        r"\begin{table}[htbp]",
        rf"\centering{_size(table)}\setlength{{\tabcolsep}}{{3.5pt}}",
        rf"\caption{{{escaped(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
        tabular,
        r"\end{table}",
    ]
    return "".join(_SIGNS.get(character, character) for character in "\n".join(lines)) + "\n"


def _size(table: LatexTable) -> str:
    """The size of the letters with which it fits the text of an article in 10 points, 345 points wide."""
    columns = zip(table.header, *table.rows, strict=True)
    signs = sum(max(map(len, column)) for column in columns) + 1.5 * (len(table.header) - 1)
    return next((size for size, most in SIZES.items() if signs <= most), next(reversed(SIZES)))


def escaped(text: str) -> str:
    """Plain text as LaTeX sets it."""
    text = _NEGATIVE.sub("−", text)
    return "".join(LATEX_ESCAPE_RULES.get(character, character) for character in text)


def page_tables(markdown: str, name: str) -> Iterator[LatexTable]:
    """Every table of a page, captioned by its heading and the paragraph before it.

    Args:
        name: of a table before the first heading; others are named after their heading, and numbered.
    """
    heading, before, numbers = "", "", dict[str, int]()
    blocks = re.split(r"\n\s*\n", markdown)
    for block in blocks:
        lines = block.strip().splitlines()
        start = next((place for place, line in enumerate(lines) if line.startswith("|")), None)
        if start is None:
            heads = [line.lstrip("# ") for line in lines if line.startswith("#")]
            heading, before = (heads[-1], "") if heads else (heading, _words(lines))
            continue
        before = _words(lines[:start]) or before
        slug = re.sub(r"[^a-z0-9]+", "-", _plain(heading).lower()).strip("-") or name
        numbers[slug] = numbers.get(slug, 0) + 1
        header, _, *rows = [_cells(line) for line in lines[start:] if line.startswith("|")]
        caption = ". ".join(part for part in (_plain(heading), _plain(before).rstrip(":.")) if part)
        yield LatexTable(f"{slug}-{numbers[slug]}", f"{caption}.", header, rows)
        before = ""


def write_latex(tables: Sequence[LatexTable], folder: Path) -> None:
    """Write <folder>/<name>.tex of each; those of before that are no more go, and no file of others."""
    wanted = {folder / f"{table.name}.tex": latex(table) for table in tables}
    for path in folder.glob("*.tex"):
        if path not in wanted and path.read_text(encoding="utf-8").startswith(HEAD):
            path.unlink()
    for path, text in wanted.items():
        write_text(text, path)


def write_page_tables(markdown: str, csv: Path) -> None:
    """Write every table of a page to the folder latex/<page> beside its CSV, <page>.csv."""
    tables = list(page_tables(narrow_tables(markdown, WIDEST), csv.stem))
    write_latex(tables, csv.parent / LATEX / csv.stem)


def _cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
    return [_plain(cell.strip().replace(r"\|", "|")) for cell in cells]


def _plain(text: str) -> str:
    """Without Markdown's marks: bold, code, links."""
    return _MARKUP.sub(lambda found: found[1] or "", text)


def _words(lines: Sequence[str]) -> str:
    """A paragraph, without the stars around a line in italics."""
    return " ".join(line.strip("*") for line in lines)
