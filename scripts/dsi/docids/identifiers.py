"""The identifiers of documents: a frame docid, tokens (an int32 array a document), as every scheme makes it.

No two documents share a sequence of tokens and none is a prefix of another, so every document is a leaf of
the trie of identifiers. New tokens lie behind the V pieces of the text vocabulary, from id V on.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from dsi.base.artefacts import read_object

# The scheme of one new token a document: one decoder step scores them all. Other schemes need a trie.
ATOMIC = "atomic"


class DocidError(ValueError):
    """Identifiers, or what they are made from, cannot serve; the message names documents and a remedy."""


def identifier_frame(documents: pd.DataFrame, tokens: Sequence[npt.NDArray[np.int32]]) -> pd.DataFrame:
    """The frame docid, tokens of documents (docid) and their tokens, in the same order."""
    return pd.DataFrame(
        {"docid": documents["docid"].to_numpy(), "tokens": pd.Series(list(tokens), dtype=object)}
    )


def extra_tokens(frame: pd.DataFrame, vocabulary: int) -> int:
    """How many tokens beyond the V pieces the identifiers of a frame docid, tokens need."""
    largest = max((int(max(tokens)) for tokens in frame["tokens"]), default=-1)
    return max(0, largest + 1 - vocabulary)


def check_identifiers(frame: pd.DataFrame) -> None:
    """Make sure that identifiers tell all documents apart and that none is a prefix of another.

    Raises:
        DocidError: two documents break that, or one has no tokens or twice the same name; they are named.
    """
    repeated = frame["docid"][frame["docid"].duplicated()]
    if len(repeated):
        raise DocidError(f"docid {repeated.iloc[0]!r} occurs twice; expected one row a document")
    rows = sorted((tuple(map(int, tokens)), docid) for docid, tokens in frame[["docid", "tokens"]].values)
    if rows and not rows[0][0]:
        raise DocidError(f"docid {rows[0][1]!r} has no tokens; expected at least one")
    # In sorted order whatever follows a sequence directly starts with it, if anything does.
    for (tokens, docid), (following, other) in pairwise(rows):
        if following[: len(tokens)] == tokens:
            relation = "equals" if following == tokens else "is a prefix of"
            raise DocidError(
                f"the identifier of docid {docid!r}, {list(tokens)}, {relation} that of {other!r}, "
                f"{list(following)}; expected every document to be told apart, for example by an end token"
            )


def atomic_count(checkpoint: Path) -> int:
    """How many documents a checkpoint with atomic docids scores in its one decoder step.

    Raises:
        DocidError: the checkpoint's docids are of another scheme, or it writes lists of them.
    """
    retriever = read_object(checkpoint / "retriever.json")
    found = retriever.get("scheme", retriever["task"])
    if found != ATOMIC:
        raise DocidError(
            f"{checkpoint}: found {found} docids, expected a checkpoint with atomic ones, of which one "
            "decoder step scores every document, for example results/baselines/dsi/seed1/dense"
        )
    return int(pq.read_metadata(checkpoint / "docids.parquet").num_rows)
