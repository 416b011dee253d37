"""Markdown tables, and numbers as they stand in them."""

import math
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

ABSENT = "–"


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


def bullet(text: str) -> str:
    """An item of a list, wrapped, and no number parted from its %."""
    joined = text.replace(" %", "\u00a0%")
    filled = textwrap.fill(
        f"- {joined}", 105, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return filled.replace("\u00a0", " ")
