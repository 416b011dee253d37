"""Wide tables of a Markdown page made narrow, so that it reads raw and in a column, too."""

import textwrap
from collections.abc import Sequence
from itertools import groupby

from dsi.report.markdown import pipe_table

TABLE_WIDTH = 100  # of a table on a page, in characters
LEAST_ROOM = 20  # for text that is wrapped, whatever stands before it


def narrow_tables(text: str, width: int = TABLE_WIDTH) -> str:
    """A page whose tables are at most so many characters wide.

    A wider table becomes several, each with the first column of the whole; where even one column beside the
    first is too wide, its text goes on in rows below.
    """
    blocks = groupby(text.split("\n"), key=lambda line: line.startswith("|"))
    lines: list[str] = []
    for of_table, block in blocks:
        rows = list(block)
        wide = of_table and max(map(len, rows)) > width
        lines += _narrowed(rows, width) if wide else rows
    return "\n".join(lines)


def _narrowed(table: Sequence[str], width: int) -> list[str]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    header, alignment, *rows = cells
    numbers = "right" if alignment[-1].endswith(":") else "left"
    # What a column takes: the header stands with two more spaces than it needs.
    widths = [
        3 + max(len(name) + 2, *(len(row[place]) for row in rows)) if rows else 5 + len(name)
        for place, name in enumerate(header)
    ]
    parts: list[list[int]] = []
    room = 0
    for place in range(1, len(header)):
        if not parts or widths[place] > room:
            parts.append([0])
            room = width - 1 - widths[0]
        parts[-1].append(place)
        room -= widths[place]
    lines: list[str] = []
    for places in parts:
        chosen = [[row[place] for place in places] for row in rows]
        if len(places) == 2:
            chosen = _wrapped(chosen, max(width - widths[0] - 4, LEAST_ROOM))
        part = pipe_table([header[place] for place in places], chosen, numbers).split("\n")
        lines += ["", *part] if lines else part
    return lines


def _wrapped(rows: Sequence[Sequence[str]], room: int) -> list[list[str]]:
    """Rows of two cells, the second going on in rows whose first is empty."""
    return [
        [name if not place else "", line]
        for name, text in rows
        for place, line in enumerate(textwrap.wrap(text, room) or [text])
    ]
