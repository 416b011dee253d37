"""Documents withheld from the training judgements, so that test queries ask for seen and for unseen ones."""

import logging

import numpy as np

from dsi.collection.judged_queries import JudgedQueries, JudgementError
from dsi.collection.relevance import Relevance, relevant_judgements
from dsi.collection.splits import TEST, TRAIN

logger = logging.getLogger(__name__)


def without_withheld(judged: JudgedQueries, relevance: Relevance, share: float, seed: int) -> JudgedQueries:
    """The same without the training judgements of a random share of the documents.

    The documents are drawn from those relevant to a training or a test query. Judgements of validation and
    test queries stay, and so do training queries that lose all of theirs: as others that nobody judged, they
    are taught by BM25 alone.

    Args:
        share: of the documents, rounded to whole ones.
        seed: of the draw, which depends on the set of documents and not on their order.

    Raises:
        JudgementError: no training judgement says relevant afterwards, or none is dropped.
    """
    queries, qrels, origin = judged
    split = qrels["qid"].map(queries.set_index("qid")["split"])
    relevant = relevant_judgements(qrels, queries, relevance)
    documents = sorted(set(relevant.loc[split.loc[relevant.index].isin((TRAIN, TEST)), "docid"]))
    order = np.random.default_rng(seed).permutation(len(documents))
    withheld = {documents[number] for number in order[: round(share * len(documents))]}
    dropped = (split == TRAIN) & qrels["docid"].isin(withheld)
    training = relevant[split.loc[relevant.index] == TRAIN]
    left = training[~training["docid"].isin(withheld)]
    if left.empty or not dropped.any():
        raise JudgementError(
            f"{origin}: withholding {len(withheld)} of {len(documents)} documents drops {int(dropped.sum())} "
            f"training judgements and leaves {len(left)} that say relevant; expected some of both, for "
            "example withhold: {documents: 0.5, seed: 1}"
        )
    logger.info(
        "withheld %d of %d documents: %d of %d training judgements dropped; %d of %d judged training queries "
        "have a relevant document left",
        len(withheld),
        len(documents),
        dropped.sum(),
        (split == TRAIN).sum(),
        left["qid"].nunique(),
        training["qid"].nunique(),
    )
    return JudgedQueries(queries, qrels[~dropped].reset_index(drop=True), origin)
