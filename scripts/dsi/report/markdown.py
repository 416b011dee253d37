"""Markdown tables, and numbers as they stand in them."""

import math
import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import pandas as pd

ABSENT = "–"
TABLE_WIDTH = 100  # of a table on a page, in characters
LEAST_ROOM = 20  # for text that is wrapped, whatever stands before it


class Spread(NamedTuple):
    """Mean and standard deviation over seeds; sd is NaN for one seed."""

    mean: float
    sd: float


def pipe_table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: str = "right") -> str:
    """A Markdown table that reads raw too; `numbers` aligns all columns but the first."""
    frame = pd.DataFrame(list(rows), columns=list(header))
    alignment = ["left", *[numbers] * (len(header) - 1)]
    text: str = frame.to_markdown(index=False, colalign=alignment, disable_numparse=True)
    return text


def plus_minus(spread: Spread | None, decimals: int = 4, signed: bool = False) -> str:
    """`0.6012 ± 0.0034`; the mean alone where there is no spread, as of one seed; – where there is none."""
    if spread is None or math.isnan(spread.mean):
        return ABSENT
    text = f"{spread.mean:{'+' if signed else ''}.{decimals}f}"
    return text if math.isnan(spread.sd) else f"{text} ± {spread.sd:.{decimals}f}"


def percent(share: float) -> str:
    """`11.70 %` of a share from 0 to 1; – where there is none."""
    return ABSENT if math.isnan(share) else f"{100 * share:.2f} %"


def brief_percent(share: float) -> str:
    """`95 %` of a share from 0 to 1, without digits that say nothing."""
    return f"{100 * share:g} %"


def paragraph(text: str) -> str:
    """Wrapped, so that the Markdown reads raw too."""
    return textwrap.fill(text, 105, break_long_words=False, break_on_hyphens=False)


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
