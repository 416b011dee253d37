"""BM25's two constants, by default those of Pyserini's MS MARCO baselines."""

from typing import NamedTuple


class Bm25Parameters(NamedTuple):
    """k1: saturation of the term frequency; b: normalisation by length, from 0 (none) to 1 (full)."""

    k1: float = 0.9
    b: float = 0.4


DEFAULTS = Bm25Parameters()
