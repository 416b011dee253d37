"""Docid schemes: the token sequence by which each document is generated.

Each scheme maps documents (docid, text) to a frame docid, tokens. No two documents share a sequence and
none is a prefix of another.
"""

from collections.abc import Callable

import pandas as pd


def atomic(documents: pd.DataFrame) -> pd.DataFrame:
    """One token a document, numbered from 0 in document order (Tay et al. 2022, section 3.2)."""
    tokens = [[number] for number in range(len(documents))]
    return pd.DataFrame({"docid": documents["docid"], "tokens": tokens})


SCHEMES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {"atomic": atomic}
