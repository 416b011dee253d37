"""Which judgements say that a document is relevant: those of a grade or more, which splits may not share.

MS MARCO judges its own queries 1, and the TREC tracks on the same passages judge theirs 0 to 3, of which
2 is relevant.
"""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.base.command import json_object
from dsi.collection.splits import SPLITS, TEST

Relevance = int | Mapping[str, int]  # the lowest relevant grade: of all judgements, or by split


def lowest_grade(relevance: Relevance, split: str) -> int:
    """The lowest relevant grade of a split's judgements."""
    return relevance if isinstance(relevance, int) else relevance[split]


def relevant_judgements(qrels: pd.DataFrame, queries: pd.DataFrame, relevance: Relevance) -> pd.DataFrame:
    """The rows of qrels that judge a document relevant to one of the queries (qid, split)."""
    split = qrels["qid"].map(queries.set_index("qid")["split"])
    lowest = split.map({name: lowest_grade(relevance, name) for name in split.dropna().unique()})
    return qrels[qrels["grade"] >= lowest]


def relevant_documents(
    qrels: pd.DataFrame, queries: pd.DataFrame, relevance: Relevance
) -> dict[str, set[str]]:
    """qid → relevant docids; queries without any are absent."""
    relevant = relevant_judgements(qrels, queries, relevance)
    return {str(qid): set(group["docid"]) for qid, group in relevant.groupby("qid", sort=True)}


def relevant_to_split(collection: Path, split: str, relevance: Relevance) -> frozenset[str]:
    """The documents that are relevant to a query of a split, by the files of a collection's folder."""
    queries, qrels = (read_frame(collection / f"{name}.parquet") for name in ("queries", "qrels"))
    relevant = relevant_judgements(qrels, queries[queries["split"] == split], relevance)
    return frozenset(relevant["docid"])


def add_relevance(parser: ArgumentParser) -> None:
    """The option --relevance."""
    example = json.dumps({split: 2 if split == TEST else 1 for split in SPLITS})
    parser.add_argument(
        "--relevance",
        type=relevance,
        required=True,
        help=f"lowest relevant grade; or by split, as JSON: {example}",
    )


def relevance(text: str) -> Relevance:
    """An argparse type: a grade, or a JSON object with one for every split."""
    if text.isdecimal():
        return int(text)
    grades = json_object(text)
    if set(grades) != set(SPLITS) or not all(type(grade) is int for grade in grades.values()):
        raise ArgumentTypeError(
            f"expected a number or one of each of the splits {', '.join(SPLITS)}, found {text[:80]!r}"
        )
    return grades
