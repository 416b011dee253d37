"""Collections: documents, queries with their split, and judgements, as data frames.

documents: docid, text · queries: qid, text, split (train, validation, test) · qrels: qid, docid, grade.
Does not know where they come from (see pydocs) or where they are stored.
"""

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dsi.collection.docstrings import Docstring

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
EVALUATED_SPLITS = (VALIDATION, TEST)


class SplitMethod(StrEnum):
    """How queries are divided at random."""

    PERMUTATION = "permutation"  # one seeded shuffle; the queries keep their order
    TRAIN_TEST_SPLIT = "train_test_split"  # the study's: scikit-learn's, twice; the queries are reordered


class SplitError(ValueError):
    """The queries cannot be divided as asked; the message says why."""


class Collection(NamedTuple):
    """Documents sorted by docid, queries in the order of their split's method, qrels by qid and docid."""

    documents: pd.DataFrame
    queries: pd.DataFrame
    qrels: pd.DataFrame


def from_docstrings(
    docstrings: list[Docstring],
    fractions: Mapping[str, float],
    seed: int,
    method: SplitMethod = SplitMethod.PERMUTATION,
) -> Collection:
    """A known-item collection: every distinct summary line is a query for the bodies it summarises.

    Args:
        docstrings: the documents; `name` becomes the docid, `body` the text.
        fractions: of the queries in each split, keyed train, validation, test; they add up to 1.
        seed: of the shuffle before the split.
    """
    frame = pd.DataFrame(docstrings).sort_values("name", ignore_index=True)
    summaries = frame["summary"].drop_duplicates().reset_index(drop=True)
    qids = [f"q{number:05d}" for number in range(1, len(summaries) + 1)]
    qid_of = dict(zip(summaries, qids, strict=True))
    queries = pd.DataFrame({"qid": qids, "text": summaries})
    qrels = pd.DataFrame({"qid": frame["summary"].map(qid_of), "docid": frame["name"], "grade": 1})
    return Collection(
        documents=frame.rename(columns={"name": "docid", "body": "text"})[["docid", "text"]],
        queries=split_queries(queries, fractions, seed, method),
        qrels=qrels.sort_values(["qid", "docid"], ignore_index=True),
    )


def split_queries(
    queries: pd.DataFrame, fractions: Mapping[str, float], seed: int, method: SplitMethod
) -> pd.DataFrame:
    """Queries with the column split.

    Judged queries and unjudged ones are divided alike; those without a relevant document are left out of
    means when they are evaluated. The order of the rows depends on the method: the given one with
    `permutation`; with `train_test_split` the training queries, then validation, then test, each in the
    order that scikit-learn draws them, as the study averages over batches in that order.

    Args:
        queries: qid, text.
        fractions: of the queries in each split, keyed train, validation, test; they add up to 1.

    Raises:
        SplitError: there are too few queries for the fractions.
    """
    if method == SplitMethod.PERMUTATION:
        return queries.assign(split=split_labels(len(queries), fractions, seed))
    drawn = train_test_positions(len(queries), fractions, seed)
    parts = [queries.iloc[drawn[name]].assign(split=name) for name in SPLITS]
    return pd.concat(parts, ignore_index=True)


def train_test_positions(count: int, fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
    """The study's split of `count` queries: positions of each split, in the order that scikit-learn draws.

    train_test_split(test_size=test), then of the rest train_test_split(test_size=validation / (train +
    validation)), both with the seed: 6,980 queries at 0.7 / 0.1 / 0.2 give 4,886, 698 and 1,396.

    Raises:
        SplitError: scikit-learn finds too few queries.
    """
    from sklearn.model_selection import train_test_split

    train, validation, test = (Fraction(str(fractions[name])) for name in SPLITS)
    rest = list(range(count))
    drawn: dict[str, list[int]] = {TRAIN: [], VALIDATION: [], TEST: []}
    # As fractions, because 0.1 / (0.7 + 0.1) is above 0.125 in floating point, which rounds up to 699.
    for name, size in (
        (TEST, test),
        (VALIDATION, validation / (train + validation) if test < 1 else Fraction(0)),
    ):
        if size == 1:
            drawn[name], rest = rest, []
        elif size:
            try:
                rest, drawn[name] = train_test_split(rest, test_size=float(size), random_state=seed)
            except ValueError as error:
                raise SplitError(f"found {count} queries, too few to draw {name} from: {error}") from error
    return {**drawn, TRAIN: rest}


def published_splits(topics: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Queries of published splits below each other, training first: qid, text, split.

    Args:
        topics: qid, text, of each split that is published, keyed train, validation, test.

    Raises:
        SplitError: a qid occurs in two splits.
    """
    parts = [topics[name].assign(split=name) for name in SPLITS if name in topics]
    queries = pd.concat(parts, ignore_index=True)
    repeated = queries[queries["qid"].duplicated(keep=False)].sort_values("qid", kind="stable")
    if len(repeated):
        qid = repeated["qid"].iloc[0]
        first, again = repeated.loc[repeated["qid"] == qid, "split"].iloc[:2]
        raise SplitError(
            f"found topic {qid!r} in the splits {first} and {again}, as {repeated['qid'].nunique()} of "
            f"{len(queries)} topics; expected every topic in one split"
        )
    return queries


def scope(docids: pd.Series, judged: set[str], sample: int, seed: int) -> npt.NDArray[np.bool_]:
    """Which documents a smaller collection keeps: the judged ones and a random sample of the others.

    Args:
        docids: of the whole collection.
        judged: docids with a judgement of any grade.
        sample: the number of other documents; all of them where there are fewer.

    Returns:
        True where a document is kept.
    """
    kept = docids.isin(judged).to_numpy(dtype=bool, copy=True)
    others = np.flatnonzero(~kept)
    kept[np.random.default_rng(seed).choice(others, size=min(sample, len(others)), replace=False)] = True
    return kept


def split_labels(count: int, fractions: Mapping[str, float], seed: int) -> list[str]:
    """The split of each of `count` queries: a seeded shuffle cut into test, validation, the rest train.

    The two held-out parts are rounded to whole queries: 10 queries at 0.7 / 0.1 / 0.2 give 7, 1, 2.
    """
    order = np.random.default_rng(seed).permutation(count)
    test = round(count * fractions[TEST])
    validation = round(count * fractions[VALIDATION])
    labels = np.full(count, TRAIN, dtype=object)
    labels[order[:test]] = TEST
    labels[order[test : test + validation]] = VALIDATION
    return list(labels)


def verbatim_elsewhere(collection: Collection) -> list[str]:
    """qids whose text occurs verbatim in a document that is not relevant to them.

    White space is folded first. Such queries can be answered by string search in the wrong document.
    """
    texts = [" ".join(text.split()) for text in collection.documents["text"]]
    docids = list(collection.documents["docid"])
    relevant = collection.qrels.groupby("qid")["docid"].agg(set).to_dict()
    return [
        qid
        for qid, query in zip(collection.queries["qid"], collection.queries["text"], strict=True)
        if any(
            query in text and docid not in relevant.get(qid, set())
            for docid, text in zip(docids, texts, strict=True)
        )
    ]
