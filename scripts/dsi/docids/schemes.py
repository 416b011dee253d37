"""Docid schemes: the token sequence by which each document is generated.

Each scheme maps documents to a frame docid, tokens (an int32 array a document). No two documents share a
sequence and none is a prefix of another, so every document is a leaf of the trie of identifiers. New tokens
lie behind the V pieces of the text vocabulary, from id V on. Source: Tay et al. 2022, "Transformer Memory
as a Differentiable Search Index", section 3.2. Does not know models or where files lie.
"""

import json
import warnings
from collections.abc import Sequence
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from tokenizers import Tokenizer

from dsi.docids.embeddings import DocidError, check_vectors
from dsi.docids.tokenizer import EOS_ID, PAD_ID, UNKNOWN_ID

SCHEMES = ("atomic", "naive", "semantic")
DEEPEST = 8  # levels of k-means; outliers that it peels off one by one must not make identifiers long


def atomic(documents: pd.DataFrame, vocabulary: int = 0) -> pd.DataFrame:
    """One new token a document, V + its number in document order (Tay et al. 2022, section 3.2).

    Args:
        documents: docid.
        vocabulary: V; 0 numbers the documents from 0.
    """
    tokens = np.arange(vocabulary, vocabulary + len(documents), dtype=np.int32)
    return _frame(documents, list(tokens[:, None]))


def naive(documents: pd.DataFrame, tokenizer: Tokenizer) -> pd.DataFrame:
    """The pieces of each docid's text, then the end-of-sequence token.

    Where the tokenizer maps several docids to the same pieces, as one that lower-cases does, all but the
    first in docid order get digits behind them until they differ from every other identifier.

    Args:
        documents: docid.
        tokenizer: of the texts, not truncating.
    """
    encoded = tokenizer.encode_batch(list(documents["docid"]), add_special_tokens=False)
    # An end inside a docid would make it a prefix of others.
    pieces = [tuple(token for token in entry.ids if token not in (PAD_ID, EOS_ID)) for entry in encoded]
    taken = set(pieces)
    kept: set[tuple[int, ...]] = set()
    digits = _digit_pieces(tokenizer)
    for row in np.argsort(documents["docid"].to_numpy(dtype=object), kind="stable"):
        if pieces[row] in kept:
            numbered = (pieces[row] + _written(number, digits) for number in count(1))
            pieces[row] = next(sequence for sequence in numbered if sequence not in taken)
            taken.add(pieces[row])
        kept.add(pieces[row])
    return _frame(documents, [np.array([*tokens, EOS_ID], dtype=np.int32) for tokens in pieces])


def semantic(
    documents: pd.DataFrame,
    vectors: npt.NDArray[np.float32],
    vocabulary: int = 0,
    *,
    branching: int = 10,
    leaf_size: int = 100,
    seed: int,
) -> pd.DataFrame:
    """The path of hierarchical k-means clusters, then the document's position in the last (Tay et al. 2022).

    A number has a token of its own at each level, and positions have others than clusters: cluster 3 of
    the first level, cluster 3 of the second and position 3 mean different things, and an output row that
    serves one of them is easier to learn (Wang et al. 2022, "A Neural Corpus Indexer", section 3.2). A
    position's token always ends an identifier. Numbers that do not occur get no token.

    Args:
        documents: docid.
        vectors: (N, d), finite, in the order of the documents.
        vocabulary: V; 0 numbers the new tokens from 0.
        branching: clusters that a cluster is split into, at least 2.
        leaf_size: documents of the largest cluster that is not split, at least 1.
        seed: of k-means.

    Raises:
        DocidError: the settings or the vectors do not fit.
    """
    if branching < 2 or leaf_size < 1:
        raise DocidError(
            f"docids: found branching {branching} and leaf size {leaf_size}; expected at least 2 and at "
            "least 1, for example branching 10 and leaf size 100"
        )
    check_vectors(documents, vectors)
    columns = _numbers(vectors, branching, leaf_size, seed)
    rows: list[list[int]] = [[] for _ in range(len(documents))]
    first = vocabulary
    for column in columns:
        present = np.flatnonzero(column >= 0)
        used, number = np.unique(column[present], return_inverse=True)
        for row, token in zip(present.tolist(), (number + first).tolist(), strict=True):
            rows[row].append(token)
        first += len(used)
    return _frame(documents, [np.array(row, dtype=np.int32) for row in rows])


def extra_tokens(frame: pd.DataFrame, vocabulary: int) -> int:
    """How many tokens beyond the V pieces the identifiers of a frame docid, tokens need."""
    largest = max((int(max(tokens)) for tokens in frame["tokens"]), default=-1)
    return max(0, largest + 1 - vocabulary)


def atomic_count(checkpoint: Path) -> int:
    """How many documents a checkpoint with atomic docids scores in its one decoder step.

    Raises:
        DocidError: the checkpoint's docids are of another scheme, or it writes lists of them.
    """
    retriever = json.loads((checkpoint / "retriever.json").read_text(encoding="utf-8"))
    found = retriever.get("scheme", retriever["task"])
    if found != "atomic":
        raise DocidError(
            f"{checkpoint}: found {found} docids, expected a checkpoint with atomic ones, of which one "
            "decoder step scores every document, for example results/baselines/dsi/seed1/dense"
        )
    return int(pq.read_metadata(checkpoint / "docids.parquet").num_rows)


def check_docids(frame: pd.DataFrame) -> None:
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


def _frame(documents: pd.DataFrame, tokens: list[npt.NDArray[np.int32]]) -> pd.DataFrame:
    return pd.DataFrame({"docid": documents["docid"].to_numpy(), "tokens": pd.Series(tokens, dtype=object)})


def _digit_pieces(tokenizer: Tokenizer) -> list[int]:
    """Tokens to write numbers with: the digits, or every text piece where a vocabulary lacks digits."""
    vocabulary = tokenizer.get_vocab()
    digits = "0123456789"
    if all(digit in vocabulary for digit in digits):
        return [vocabulary[digit] for digit in digits]
    return [token for token in range(tokenizer.get_vocab_size()) if token not in (PAD_ID, EOS_ID, UNKNOWN_ID)]


def _written(number: int, digits: Sequence[int]) -> tuple[int, ...]:
    """A positive number in the base of as many digits; each number once, as in bijective numeration."""
    base = len(digits)
    written: list[int] = []
    while number:
        number, digit = divmod(number - 1, base)
        written.append(digits[digit])
    return tuple(reversed(written))


def _numbers(
    vectors: npt.NDArray[np.float32], branching: int, leaf_size: int, seed: int
) -> list[npt.NDArray[np.int64]]:
    """Per level (N,): each document's cluster; c + its position in a cluster not split; -1 below that."""
    columns: list[npt.NDArray[np.int64]] = []
    clusters = [np.arange(len(vectors))] if len(vectors) else []
    while clusters:
        column = np.full(len(vectors), -1, dtype=np.int64)
        parts = []
        for rows in clusters:
            if len(rows) <= leaf_size:
                column[rows] = branching + np.arange(len(rows))  # apart from clusters' numbers
                continue
            split = _split(vectors[rows], branching, seed, by_vectors=len(columns) < DEEPEST)
            column[rows] = split
            parts += [rows[split == number] for number in range(split.max() + 1)]
        columns.append(column)
        clusters = parts
    return columns


def _split(
    vectors: npt.NDArray[np.float32], branching: int, seed: int, *, by_vectors: bool
) -> npt.NDArray[np.int64]:
    """The cluster of each vector, at least two, numbered from 0; equal parts where k-means finds but one."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    parts = min(branching, len(vectors))
    if by_vectors and not (vectors == vectors[0]).all():
        # Sums depend on the number of threads, and with them the clusters.
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct vectors than clusters
            labels = KMeans(parts, n_init=1, random_state=seed).fit_predict(vectors)
        used, numbered = np.unique(labels, return_inverse=True)
        if len(used) > 1:
            return np.asarray(numbered, dtype=np.int64)
    return np.arange(len(vectors), dtype=np.int64) * parts // len(vectors)
