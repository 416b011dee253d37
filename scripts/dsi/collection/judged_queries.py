"""Queries with their split and their judgements, from their sources, checked to fit together."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.collection.item_queries import item_queries
from dsi.collection.relevance import Relevance, lowest_grade, relevant_judgements
from dsi.collection.sources import CollectionSource, items_of, qrels_of, topics_of
from dsi.collection.splits import TEST, RandomSplit, check_tested, published_splits, split_queries

logger = logging.getLogger(__name__)


class JudgementError(ValueError):
    """The judgements are of other topics or another collection, or judge nothing relevant."""


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

    Or a corpus whose documents have their queries, and split.

    Args:
        cache: the folder of downloads.

    Raises:
        JudgementError: no topic is judged.
        SplitError: the queries cannot be divided, none is for tests, or two splits share a topic.
        DownloadError, FileFormatError, CatalogueError: a source cannot be had or read.
    """
    if "corpus" in values:
        return known(CollectionSource.of(values["corpus"]), RandomSplit.of(values["split"]), cache)
    if "splits" in values:
        return published({name: TopicSources.of(part) for name, part in values["splits"].items()}, cache)
    return divided(TopicSources.of(values), RandomSplit.of(values["split"]), cache)


def known(corpus: CollectionSource, split: RandomSplit, cache: Path) -> JudgedQueries:
    """Queries that are parts of the documents, divided at random; cache and errors as of `judged_queries`."""
    found = item_queries(items_of(corpus, cache))
    queries = split_queries(found.queries, split)
    check_tested(queries)
    return JudgedQueries(queries, found.qrels, str(corpus))


def divided(sources: TopicSources, split: RandomSplit, cache: Path) -> JudgedQueries:
    """Queries of one source, divided at random; cache and errors as of `judged_queries`."""
    topics, qrels = topics_of(sources.topics, cache), qrels_of(sources.qrels, cache)
    check_judged(topics, qrels, str(sources.qrels))
    report_unknown(topics["qid"], qrels["qid"], str(sources.qrels))
    queries = split_queries(topics, split)
    check_tested(queries)
    return JudgedQueries(queries, qrels, str(sources.qrels))


def published(splits: Mapping[str, TopicSources], cache: Path) -> JudgedQueries:
    """Queries of published splits; cache and errors as of `judged_queries`.

    Of a split's judgements those of its own topics count, so that all splits may name one file of them. Where
    splits share their topics, as in BEIR's layout, a split's are those that its judgements are about.
    """
    topics = {name: topics_of(sources.topics, cache) for name, sources in splits.items()}
    qrels = {name: qrels_of(sources.qrels, cache) for name, sources in splits.items()}
    origin = ", ".join(sorted({str(sources.qrels) for sources in splits.values()}))
    own, judged = {}, []
    for name, asked in topics.items():
        check_judged(asked, qrels[name], str(splits[name].qrels))
        own[name] = asked
        if any(asked.equals(other) for split, other in topics.items() if split != name):
            own[name] = asked[asked["qid"].isin(qrels[name]["qid"])]
            logger.info(
                "%s: %d of %d topics, which splits share, are those that %s judges",
                name,
                len(own[name]),
                len(asked),
                splits[name].qrels,
            )
        judged.append(qrels[name][qrels[name]["qid"].isin(own[name]["qid"])])
    asked_of, judged_of = (pd.concat(frames.values())["qid"] for frames in (topics, qrels))
    report_unknown(asked_of, judged_of, origin)
    return JudgedQueries(published_splits(own), pd.concat(judged, ignore_index=True), origin)


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


def report_unknown(topics: pd.Series, judged: pd.Series, origin: str) -> None:
    """Warn of judged topics that are not among the topics, as where leading zeros tell them apart.

    Args:
        topics, judged: their qids.
        origin: of the judgements, for messages.
    """
    unknown = judged[~judged.isin(topics)].drop_duplicates()
    if unknown.empty:
        return
    example = unknown.iloc[0]
    alike = topics[topics.str.lstrip("0") == example.lstrip("0")]
    logger.warning(
        "%s: %d of %d judged topics are not among the topics, for example %r; yours look like %r",
        origin,
        len(unknown),
        judged.nunique(),
        example,
        (topics if alike.empty else alike).iloc[0],
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


def check_relevant(judged: JudgedQueries, relevance: Relevance, docids: pd.Series) -> None:
    """Refuse what cannot be evaluated: a grade that nothing reaches, tests that no document answers.

    Args:
        relevance: the lowest relevant grade, of all judgements or by split.
        docids: of the collection.

    Raises:
        JudgementError: no judgement of a split has the grade that is asked for, though some are above 0; or
            no test query has a relevant document in the collection.
    """
    relevant = relevant_judgements(judged.qrels, judged.queries, relevance)
    split_of = judged.queries.set_index("qid")["split"]
    for split, grades in judged.qrels["grade"].groupby(judged.qrels["qid"].map(split_of)):
        highest, lowest = grades.max(), lowest_grade(relevance, str(split))
        if highest >= lowest:
            continue
        found = f"{judged.origin}: the highest grade of the {len(grades)} {split} judgements is {highest}"
        if highest > 0:
            raise JudgementError(
                f"{found}, and relevance is {lowest}; expected judgements of that grade, or for example "
                f"relevance: {highest}"
            )
        logger.warning("%s, and relevance is %d", found, lowest)
    tested = relevant[relevant["qid"].map(split_of) == TEST]
    if tested.empty:
        tests = split_of.index[split_of == TEST]
        raise JudgementError(
            f"{judged.origin}: none of the {len(tests)} test queries has a relevant document, for example "
            f"{tests[0]!r}; expected judgements of the test queries"
        )
    if not tested["docid"].isin(docids).any():
        raise JudgementError(
            f"{judged.origin}: none of the {tested['docid'].nunique()} documents that are relevant to a test "
            f"query is in the collection, for example {tested['docid'].iloc[0]!r}; expected judgements of "
            f"documents like {docids.iloc[0]!r}"
        )
