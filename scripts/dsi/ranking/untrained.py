"""The references that nothing is trained for, as runs; what was chosen for them on validation queries."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.base.files import replacing
from dsi.bm25.lookup import NEIGHBOURS, added, nearest_queries, votes, weighed
from dsi.bm25.lucene import index_language, search_bm25, verified_index
from dsi.bm25.parameters import Bm25Parameters
from dsi.bm25.rm3 import RM3, search_rm3, temporary_index
from dsi.bm25.tuning import DEPTH, Tuned, tuned_bm25
from dsi.collection.relevance import Relevance, relevant_documents
from dsi.collection.splits import EVALUATED_SPLITS, TRAIN, VALIDATION
from dsi.evaluation.runs import ranked, write_run

logger = logging.getLogger(__name__)


class JudgedCollection(NamedTuple):
    """documents: docid, text · queries: qid, text, split · topk: BM25's lists · relevant: docids by qid.

    A relevant document that the collection lacks is among those of validation queries, as it counts, and not
    among those of training queries, as it cannot be retrieved.
    """

    documents: pd.DataFrame
    queries: pd.DataFrame
    topk: pd.DataFrame
    relevant: Mapping[str, Mapping[str, set[str]]]

    @property
    def evaluated(self) -> pd.DataFrame:
        """The validation and test queries."""
        return self.queries[self.queries["split"].isin(EVALUATED_SPLITS)]

    def of_split(self, split: str) -> pd.DataFrame:
        """The queries of a split."""
        return self.queries[self.queries["split"] == split]


class Ranked(NamedTuple):
    """run: qid, rank, docid, score. choices: what was chosen for it and how, for a JSON."""

    run: pd.DataFrame
    choices: Mapping[str, Any]


def read_judged(collection: Path, relevance: Relevance) -> JudgedCollection:
    """The collection of a folder."""
    documents, queries, qrels, topk = (
        read_frame(collection / f"{name}.parquet") for name in ("documents", "queries", "qrels", "topk")
    )
    there = set(documents["docid"])
    relevant = relevant_documents(qrels, queries, relevance)
    by_split: dict[str, dict[str, set[str]]] = {TRAIN: {}, VALIDATION: {}}
    for qid, split in zip(queries["qid"], queries["split"], strict=True):
        found = relevant.get(qid, set())
        if split == TRAIN:
            found = found & there
        if found and split in by_split:
            by_split[split][qid] = found
    return JudgedCollection(documents, queries, topk, by_split)


@dataclass(frozen=True)
class Untrained:
    """The references of one collection; `index` is the folder of its index."""

    judged: JudgedCollection
    index: Path
    bm25: Bm25Parameters
    depth: int

    def rm3(self) -> Ranked:
        """BM25 with expanded queries."""
        documents, queries = self.judged.documents, self.judged.evaluated
        return Ranked(search_rm3(self.index, documents, queries, self.bm25, self.depth), RM3._asdict())

    def tuned(self) -> Ranked:
        """BM25 with the constants that are best on the validation queries; without such the default."""
        relevant = self.judged.relevant[VALIDATION]
        tuned = Tuned(self.bm25, [])
        if relevant:
            tuned = tuned_bm25(self.index, self.judged.of_split(VALIDATION), relevant, self.bm25)
        parameters = tuned.parameters
        logger.info("bm25-tuned: k1 %g, b %g, by %d validation queries", *parameters, len(relevant))
        choices = {
            **parameters._asdict(),
            "validation_queries": len(relevant),
            "depth": DEPTH,
            "tried": [trial._asdict() for trial in tuned.trials],
        }
        return Ranked(search_bm25(self.index, self.judged.evaluated, *parameters, self.depth), choices)

    @cached_property
    def look_up(self) -> Ranked:
        """The votes of the nearest training queries."""
        relevant = self.judged.relevant[TRAIN]
        training = self.judged.of_split(TRAIN)
        asked = training[training["qid"].isin(relevant)].rename(columns={"qid": "docid"})
        choices = {"neighbours": NEIGHBOURS, "training_queries": len(asked)}
        if asked.empty:
            logger.warning("lookup: no training query has a relevant document: the run is empty")
            return Ranked(ranked(pd.DataFrame(columns=["qid", "docid", "score"])), choices)
        with temporary_index(asked, index_language(self.index)) as folder:
            neighbours = nearest_queries(folder, self.judged.evaluated, self.bm25)
        return Ranked(votes(neighbours, relevant, self.depth), choices)

    def look_up_and_bm25(self) -> Ranked:
        """Those and BM25's scores, added."""
        topk, relevant = self.judged.topk, self.judged.relevant[VALIDATION]
        lookup = self.look_up.run
        found, lexical = (run[run["qid"].isin(relevant)] for run in (lookup, topk))
        weight, values = weighed(found, lexical, relevant, self.depth)
        logger.info("lookup-bm25: weight %g of the look-up, by %d validation queries", weight, len(relevant))
        choices = {
            "weight": weight,
            "validation_queries": len(relevant),
            "tried": [{"weight": tried, "map": value} for tried, value in sorted(values.items())],
        }
        lists = topk[topk["qid"].isin(self.judged.evaluated["qid"])]
        return Ranked(added(lookup, lists, weight, self.depth), choices)


UNTRAINED: Mapping[str, Callable[[Untrained], Ranked]] = {
    "rm3": Untrained.rm3,
    "bm25-tuned": Untrained.tuned,
    "lookup": lambda references: references.look_up,
    "lookup-bm25": Untrained.look_up_and_bm25,
}


def write_references(
    names: Sequence[str],
    judged: JudgedCollection,
    manifest: Path,
    bm25: Bm25Parameters,
    depth: int,
    folder: Path,
) -> dict[str, Mapping[str, Any]]:
    """Write the run of each of some references, <name>.trec.gz; what was chosen for each.

    Args:
        manifest: of the index.

    Raises:
        LuceneError: the index is damaged.
        RunFormatError: a docid cannot stand in a run.
    """
    references = Untrained(judged, verified_index(manifest), bm25, depth)
    choices = {}
    for name in names:
        run, choices[name] = UNTRAINED[name](references)
        with replacing(folder / f"{name}.trec.gz") as temporary:
            write_run(run, temporary, tag=name)
    return choices
