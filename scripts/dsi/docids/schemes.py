"""Docid schemes: the token sequence by which each document is generated.

A scheme is a function from documents, the text tokenizer and its own settings to a frame docid, tokens
(dsi.docids.identifiers), and a row of SCHEMES. Source of the three: Tay et al. 2022, "Transformer Memory as a
Differentiable Search Index", section 3.2.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from tokenizers import Tokenizer

from dsi.docids.clusters import cluster_numbers
from dsi.docids.embeddings import LSA, check_vectors, embed_documents
from dsi.docids.identifiers import ATOMIC, DocidError, check_identifiers, extra_tokens, identifier_frame
from dsi.docids.tokenizer import EOS_ID, PAD_ID, UNKNOWN_ID

# Which numbers of semantic docids share a token: those of a level, or none.
BY_LEVEL, BY_PREFIX = "level", "prefix"


def atomic(documents: pd.DataFrame, vocabulary: int = 0) -> pd.DataFrame:
    """One new token a document, V + its number in document order (Tay et al. 2022, section 3.2).

    Args:
        documents: docid.
        vocabulary: V; 0 numbers the documents from 0.
    """
    tokens = np.arange(vocabulary, vocabulary + len(documents), dtype=np.int32)
    return identifier_frame(documents, list(tokens[:, None]))


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
    numbers: dict[tuple[int, ...], Iterator[int]] = defaultdict(lambda: count(1))
    for row in np.argsort(documents["docid"].to_numpy(dtype=object), kind="stable"):
        if pieces[row] in kept:
            numbered = (pieces[row] + _written(number, digits) for number in numbers[pieces[row]])
            pieces[row] = next(sequence for sequence in numbered if sequence not in taken)
            taken.add(pieces[row])
        kept.add(pieces[row])
    return identifier_frame(documents, [np.array([*tokens, EOS_ID], dtype=np.int32) for tokens in pieces])


def semantic(
    documents: pd.DataFrame,
    vectors: npt.NDArray[np.float32],
    vocabulary: int = 0,
    *,
    branching: int = 10,
    leaf_size: int = 100,
    seed: int,
    shuffle: int | None = None,
    tokens: str = BY_LEVEL,
) -> pd.DataFrame:
    """The path of hierarchical k-means clusters, then the document's position in the last (Tay et al. 2022).

    A number has a token of its own at each level, and positions have others than clusters: cluster 3 of
    the first level, cluster 3 of the second and position 3 mean different things, and an output row that
    serves one of them is easier to learn (Wang et al. 2022, "A Neural Corpus Indexer", section 3.2). A
    position's token always ends an identifier. Numbers that do not occur get no token.

    Shuffled, the same identifiers are dealt out to the documents at random: the tree, its tokens and its
    lengths stay, and what a cluster's documents have in common goes.

    Args:
        documents: docid.
        vectors: (N, d), finite, in the order of the documents.
        vocabulary: V; 0 numbers the new tokens from 0.
        branching, leaf_size, seed: as of `cluster_numbers`.
        shuffle: seed of the dealing; None: documents keep their places.
        tokens: as of `cluster_tokens`.

    Raises:
        DocidError: the settings or the vectors do not fit.
    """
    if branching < 2 or leaf_size < 1:
        raise DocidError(
            f"docids: found branching {branching} and leaf size {leaf_size}; expected at least 2 and at "
            "least 1, for example branching 10 and leaf size 100"
        )
    check_vectors(documents, vectors)
    columns = cluster_numbers(vectors, branching, leaf_size, seed)
    rows = cluster_tokens(columns, len(documents), vocabulary, tokens)
    if shuffle is not None:
        rows = [rows[place] for place in np.random.default_rng(shuffle).permutation(len(rows))]
    return identifier_frame(documents, [np.array(row, dtype=np.int32) for row in rows])


def cluster_tokens(
    columns: Sequence[npt.NDArray[np.int64]], documents: int, vocabulary: int, tokens: str
) -> list[list[int]]:
    """The identifier of each of N documents, from its number at each level.

    By level, cluster 3 of one cluster shares its token with cluster 3 of another, though their documents have
    nothing in common, and so do positions: what tells them apart lies in the decoder's layers. By prefix,
    each cluster and each document has a token of its own, and the decoder scores what it stands for.

    Args:
        columns: (N,) each, from `cluster_numbers`; -1 behind the end of an identifier.
        vocabulary: V, the first new token.
        tokens: level, or prefix.

    Raises:
        DocidError: it is neither.
    """
    if tokens not in (BY_LEVEL, BY_PREFIX):
        raise DocidError(f"docids: found tokens {tokens!r}; expected {BY_LEVEL} or {BY_PREFIX}")
    rows: list[list[int]] = [[] for _ in range(documents)]
    first, prefix = vocabulary, np.zeros(documents, dtype=np.int64)
    for column in columns:
        present = np.flatnonzero(column >= 0)
        # The numbers of a level, or those beneath each prefix.
        used, number = np.unique(column[present] + prefix[present] * (column.max() + 1), return_inverse=True)
        if tokens == BY_PREFIX:
            prefix[present] = number
        for row, token in zip(present.tolist(), (number + first).tolist(), strict=True):
            rows[row].append(token)
        first += len(used)
    return rows


@dataclass(frozen=True)
class NoSettings:
    """Of a scheme that has none."""


@dataclass(frozen=True)
class SemanticSettings:
    """Of the scheme semantic."""

    branching: int = field(default=10, metadata={"help": "clusters of a split, at least 2"})
    leaf_size: int = field(default=100, metadata={"help": "documents of the largest cluster not split"})
    embeddings: str = field(
        default=LSA,
        metadata={"help": "lsa, a parquet file (docid, vector), or a model of sentence-transformers"},
    )
    seed: int = field(default=1, metadata={"help": "of LSA and k-means"})
    shuffle: int | None = field(
        default=None,
        metadata={"help": "seed by which documents are shuffled over the tree's leaves", "type": int},
    )
    tokens: str = field(
        default=BY_LEVEL,
        metadata={"help": "level: equal numbers of a level share a token; prefix: none do"},
    )


class Scheme(NamedTuple):
    """assign: documents (docid, text), the text tokenizer if there is one, settings → docid, tokens.

    settings: the frozen dataclass of the scheme's settings, each with a default and, in its metadata, `help`;
    one whose default is None also with the `type` of its values.
    """

    assign: Callable[[pd.DataFrame, Tokenizer | None, Any], pd.DataFrame]
    settings: type = NoSettings


def atomic_docids(documents: pd.DataFrame, tokenizer: Tokenizer | None, _: NoSettings) -> pd.DataFrame:
    """One new token a document; numbered from 0 without a tokenizer."""
    return atomic(documents, pieces_of(tokenizer))


def naive_docids(documents: pd.DataFrame, tokenizer: Tokenizer | None, _: NoSettings) -> pd.DataFrame:
    """The pieces of each docid's text, and an end.

    Raises:
        DocidError: there is no tokenizer.
    """
    if tokenizer is None:
        raise DocidError(
            "--tokenizer: found none with --scheme naive; expected the folder of the text tokenizer, for "
            "example --tokenizer results/baselines/dsi/tokenizer"
        )
    return naive(documents, tokenizer)


def semantic_docids(
    documents: pd.DataFrame, tokenizer: Tokenizer | None, settings: SemanticSettings
) -> pd.DataFrame:
    """The path of k-means clusters over the documents' embeddings, and the position in the last.

    Raises:
        DocidError: the settings or the embeddings do not fit.
    """
    return semantic(
        documents,
        embed_documents(documents, settings.embeddings, settings.seed),
        pieces_of(tokenizer),
        branching=settings.branching,
        leaf_size=settings.leaf_size,
        seed=settings.seed,
        shuffle=settings.shuffle,
        tokens=settings.tokens,
    )


SCHEMES: Mapping[str, Scheme] = {
    ATOMIC: Scheme(atomic_docids),
    "naive": Scheme(naive_docids),
    "semantic": Scheme(semantic_docids, SemanticSettings),
}


class Assigned(NamedTuple):
    """frame: docid, tokens; longest: tokens of the longest identifier; new_tokens: how many were added."""

    frame: pd.DataFrame
    longest: int
    new_tokens: int


def assign_docids(
    documents: pd.DataFrame, tokenizer: Tokenizer | None, scheme: str, settings: object
) -> Assigned:
    """The identifier of each document (docid, text) by a scheme, checked.

    Args:
        scheme: a name of SCHEMES.
        settings: the scheme's own.

    Raises:
        DocidError: the settings do not fit the documents, or the scheme does not tell them apart.
    """
    frame = SCHEMES[scheme].assign(documents, tokenizer, settings)
    check_identifiers(frame)
    longest = int(frame["tokens"].map(len).max()) if len(frame) else 0
    return Assigned(frame, longest, extra_tokens(frame, pieces_of(tokenizer)))


def pieces_of(tokenizer: Tokenizer | None) -> int:
    """V, the size of the text vocabulary; 0 without a tokenizer."""
    return 0 if tokenizer is None else int(tokenizer.get_vocab_size())


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
