"""Queries with their split and their judgements, from their sources, checked to fit together."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.collection.sources import CollectionSource, qrels_of, topics_of
from dsi.collection.splits import RandomSplit, published_splits, split_queries

logger = logging.getLogger(__name__)


class JudgementError(ValueError):
    """The judgements are of other topics or of another collection; the message shows one of each."""


class TopicSources(NamedTuple):
    """The sources of some topics and of their judgements."""

    topics: CollectionSource
    qrels: CollectionSource

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "TopicSources":
        """From the keys topics and qrels of a configuration."""
        return cls(CollectionSource.of(values["topics"]), CollectionSource.of(values["qrels"]))


class JudgedQueries(NamedTuple):
    """queries: qid, text, split · qrels: qid, docid, grade · origin: of the judgements, for messages."""

    queries: pd.DataFrame
    qrels: pd.DataFrame
    origin: str


def judged_queries(values: Mapping[str, Any], cache: Path) -> JudgedQueries:
    """What a configuration asks for: topics, qrels and split, or splits, each with topics and qrels.

    Args:
        cache: the folder of downloads.

    Raises:
        JudgementError: no topic is judged.
        SplitError: the queries cannot be divided, or two splits share a topic.
        DownloadError, FileFormatError, CatalogueError: a source cannot be had or read.
    """
    if "splits" in values:
        return published({name: TopicSources.of(part) for name, part in values["splits"].items()}, cache)
    return divided(TopicSources.of(values), RandomSplit.of(values["split"]), cache)


def divided(sources: TopicSources, split: RandomSplit, cache: Path) -> JudgedQueries:
    """Queries of one source, divided at random; cache and errors as of `judged_queries`."""
    topics, qrels = topics_of(sources.topics, cache), qrels_of(sources.qrels, cache)
    check_judged(topics, qrels, str(sources.qrels))
    return JudgedQueries(split_queries(topics, split), qrels, str(sources.qrels))


def published(splits: Mapping[str, TopicSources], cache: Path) -> JudgedQueries:
    """Queries of published splits; cache and errors as of `judged_queries`.

    Of a split's judgements those of its own topics count, so that all splits may name one file of them.
    """
    topics, qrels = {}, []
    for name, sources in splits.items():
        topics[name], judgements = topics_of(sources.topics, cache), qrels_of(sources.qrels, cache)
        check_judged(topics[name], judgements, str(sources.qrels))
        qrels.append(judgements[judgements["qid"].isin(topics[name]["qid"])])
    origin = ", ".join(sorted({str(sources.qrels) for sources in splits.values()}))
    return JudgedQueries(published_splits(topics), pd.concat(qrels, ignore_index=True), origin)


def check_judged(topics: pd.DataFrame, qrels: pd.DataFrame, origin: str) -> None:
    """Refuse judgements of other topics.

    Raises:
        JudgementError: none of the topics is judged.
    """
    if not topics["qid"].isin(qrels["qid"]).any():
        raise JudgementError(
            f"{origin}: none of the {len(topics)} topics is judged (the first topic is "
            f"{topics['qid'].iloc[0]!r}, the first judged one {qrels['qid'].iloc[0]!r}); expected judgements "
            "of these topics"
        )


def check_documents(qrels: pd.DataFrame, docids: pd.Series, origin: str) -> None:
    """Report judgements of documents that the collection lacks; refuse qrels of another collection.

    Such judgements stay: trec_eval counts their documents as relevant and never retrieved.

    Args:
        docids: of the collection.
        origin: where the judgements come from, for messages.

    Raises:
        JudgementError: none of the judged documents is in the collection.
    """
    absent = qrels[~qrels["docid"].isin(docids)]
    if len(absent) == len(qrels):
        raise JudgementError(
            f"{origin}: none of the {qrels['docid'].nunique()} judged documents is in the collection "
            f"(the first is {qrels['docid'].iloc[0]!r}, the collection's first {docids.iloc[0]!r}); expected "
            "judgements of this collection"
        )
    if len(absent):
        logger.warning(
            "%d of %d judgements are of %d documents that the collection lacks, for example %s; they count "
            "as relevant and never retrieved",
            len(absent),
            len(qrels),
            absent["docid"].nunique(),
            absent["docid"].iloc[0],
        )
