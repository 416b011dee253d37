"""Collections: documents, queries with their split, and judgements, as data frames.

documents: docid, text · queries: qid, text, split (train, validation, test) · qrels: qid, docid, grade.
Does not know where they come from (see pydocs) or where they are stored.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from dsi.pydocs import Docstring

TRAIN, VALIDATION, TEST = "train", "validation", "test"
EVALUATED_SPLITS = (VALIDATION, TEST)


class Collection(NamedTuple):
    """Documents sorted by docid, queries by qid, qrels by both."""

    documents: pd.DataFrame
    queries: pd.DataFrame
    qrels: pd.DataFrame


def from_docstrings(docstrings: list[Docstring], fractions: Mapping[str, float], seed: int) -> Collection:
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
    queries["split"] = split_labels(len(queries), fractions, seed)
    qrels = pd.DataFrame({"qid": frame["summary"].map(qid_of), "docid": frame["name"], "grade": 1})
    return Collection(
        documents=frame.rename(columns={"name": "docid", "body": "text"})[["docid", "text"]],
        queries=queries,
        qrels=qrels.sort_values(["qid", "docid"], ignore_index=True),
    )


def from_files(
    topics: pd.DataFrame, qrels: pd.DataFrame, fractions: Mapping[str, float], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Queries with their split, and judgements sorted, of topics and qrels as they are published.

    Judged queries and unjudged ones are split alike; those without a relevant document are left out of
    means when they are evaluated.

    Args:
        topics: qid, text.
        qrels: qid, docid, grade.
    """
    queries = topics.assign(split=split_labels(len(topics), fractions, seed))
    return queries, qrels.sort_values(["qid", "docid"], ignore_index=True)


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


def relevant_documents(qrels: pd.DataFrame, threshold: int) -> dict[str, set[str]]:
    """qid → docids judged at `threshold` or higher; queries without any are absent."""
    relevant = qrels[qrels["grade"] >= threshold]
    return {str(qid): set(group["docid"]) for qid, group in relevant.groupby("qid", sort=True)}


def verbatim_elsewhere(collection: Collection) -> list[str]:
    """qids whose text occurs verbatim in a document that is not relevant to them.

    White space is folded first. Such queries can be answered by string search in the wrong document.
    """
    texts = [" ".join(text.split()) for text in collection.documents["text"]]
    docids = list(collection.documents["docid"])
    relevant = relevant_documents(collection.qrels, threshold=1)
    return [
        qid
        for qid, query in zip(collection.queries["qid"], collection.queries["text"], strict=True)
        if any(
            query in text and docid not in relevant.get(qid, set())
            for docid, text in zip(docids, texts, strict=True)
        )
    ]
