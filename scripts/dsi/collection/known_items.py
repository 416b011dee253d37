"""The embedded collection as frames: docstrings' bodies are documents, their summary lines queries."""

import logging
import random
from typing import NamedTuple

import pandas as pd

from dsi.collection.docstrings import Docstring
from dsi.collection.splits import RandomSplit, split_queries

SHOWN_QUERIES = 10

logger = logging.getLogger(__name__)


class Collection(NamedTuple):
    """documents: docid, text · queries: qid, text, split · qrels: qid, docid, grade.

    Documents are sorted by docid, queries in the order of their split's method, qrels by qid and docid.
    """

    documents: pd.DataFrame
    queries: pd.DataFrame
    qrels: pd.DataFrame


def from_docstrings(docstrings: list[Docstring], split: RandomSplit) -> Collection:
    """A known-item collection: every distinct summary line is a query for the bodies it summarises.

    Args:
        docstrings: the documents; `name` becomes the docid, `body` the text.
        split: how the queries are divided.

    Raises:
        SplitError: there are too few of them.
    """
    frame = pd.DataFrame(docstrings).sort_values("name", ignore_index=True)
    queries = distinct_queries(frame["summary"])
    qid_of = dict(zip(queries["text"], queries["qid"], strict=True))
    qrels = pd.DataFrame({"qid": frame["summary"].map(qid_of), "docid": frame["name"], "grade": 1})
    return Collection(
        documents=frame.rename(columns={"name": "docid", "body": "text"})[["docid", "text"]],
        queries=split_queries(queries, split),
        qrels=qrels.sort_values(["qid", "docid"], ignore_index=True),
    )


def distinct_queries(texts: "pd.Series[str]") -> pd.DataFrame:
    """qid, text of every distinct text, numbered in the order in which they first occur."""
    distinct = texts.drop_duplicates().reset_index(drop=True)
    qids = [f"q{number:05d}" for number in range(1, len(distinct) + 1)]
    return pd.DataFrame({"qid": qids, "text": distinct})


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


def log_collection(collection: Collection) -> None:
    """Log what lets a reader judge whether retrieval means something on this collection."""
    queries, qrels = collection.queries, collection.qrels
    splits = queries["split"].value_counts().to_dict()
    logger.info(
        "%d documents, %d queries %s, %d judgements",
        len(collection.documents),
        len(queries),
        splits,
        len(qrels),
    )
    verbatim = verbatim_elsewhere(collection)
    logger.info("summary lines that occur verbatim in another document: %d", len(verbatim))
    texts = dict(zip(collection.documents["docid"], collection.documents["text"], strict=True))
    relevant = qrels.groupby("qid")["docid"].first().to_dict()
    for row in random.Random(0).sample(list(queries.itertuples()), min(SHOWN_QUERIES, len(queries))):
        docid = relevant[row.qid]
        start = " ".join(texts[docid].split())[:100]
        logger.info("query %s %r → %s: %s…", row.qid, row.text, docid, start)
