"""From the files of a collection to the objective of the task `docid`."""

import logging
from argparse import ArgumentParser
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.bm25.sparse_scores import Bm25Scorer
from dsi.collection.relevance import relevant_documents
from dsi.collection.splits import TRAIN, VALIDATION
from dsi.model.checkpoint import Checkpoint
from dsi.pseudo_queries.sampler import PseudoQuerySampler
from dsi.training.docid_settings import DocidSettings
from dsi.training.objectives.docid import DocidObjective
from dsi.training.objectives.docid_sequence import SequenceObjective
from dsi.training.objectives.examples import Drawing, Examples, Query
from dsi.training.objectives.taught import ModelTeacher, TaughtObjective
from dsi.training.objectives.teacher import Teacher

COLLECTION_FILES = ("documents", "queries", "qrels", "bm25-weights", "bm25-words")

logger = logging.getLogger(__name__)


class DocidFiles(NamedTuple):
    """What an objective is made of.

    collection: folder of the parquet files. generated: queries generated for documents (parquet: docid,
    query); generated_words: their words (parquet: word, terms); both None without such queries.
    """

    collection: Path
    generated: Path | None
    generated_words: Path | None

    def paths(self) -> list[Path]:
        """All of them."""
        return [
            *(self.collection / f"{name}.parquet" for name in COLLECTION_FILES),
            *(path for path in (self.generated, self.generated_words) if path),
        ]


class Judged(NamedTuple):
    """A collection's documents (docid, text), queries (qid, text, split) and qrels (qid, docid, grade)."""

    documents: pd.DataFrame
    queries: pd.DataFrame
    qrels: pd.DataFrame

    @classmethod
    def read(cls, collection: Path) -> "Judged":
        """Read them from a folder."""
        return cls(*(read_frame(collection / f"{name}.parquet") for name in cls._fields))


def add_generated(parser: ArgumentParser) -> None:
    """The options for generated pseudo-queries."""
    parser.add_argument("--generated", type=Path, help="generated queries (parquet: docid, query)")
    parser.add_argument("--generated-words", type=Path, help="their words (parquet: word, terms)")


def docid_objective(
    files: DocidFiles,
    judged: Judged,
    checkpoint: Checkpoint,
    settings: DocidSettings,
    seed: int,
    teacher: ModelTeacher | None = None,
) -> DocidObjective | SequenceObjective:
    """What a checkpoint is trained on: pseudo-queries of the documents and training queries; BM25 teaches.

    Args:
        teacher: a model that teaches, too, where docids are atomic.
    """
    relevant = relevant_documents(judged.qrels, judged.queries, settings.relevance)
    train, validation = (
        split_queries(judged.queries, split, relevant, checkpoint.docids) for split in (TRAIN, VALIDATION)
    )
    examples = docid_examples(files, judged.documents, checkpoint, train, settings, seed)
    validated = [query for query in validation if query.relevant]
    if checkpoint.identifiers is None:
        if teacher is not None:
            return TaughtObjective(examples, validated, teacher)
        return DocidObjective(examples, validated)
    assert settings.prefixes_at_a_time is not None
    return SequenceObjective(
        examples, validated, checkpoint.docids, checkpoint.identifiers, settings.prefixes_at_a_time
    )


def docid_examples(
    files: DocidFiles,
    documents: pd.DataFrame,
    checkpoint: Checkpoint,
    train: list[Query],
    settings: DocidSettings,
    seed: int,
) -> Examples:
    """The examples of the epochs, which the seed determines."""
    scorer = bm25_scorer(files, len(documents))
    pseudo = settings.pseudo_queries
    return Examples(
        PseudoQuerySampler(
            list(documents["text"]),
            scorer.idf,
            pseudo.weights,
            pseudo.lengths,
            generated_queries(files.generated, checkpoint.docids),
            pseudo.noise,
        ),
        Teacher(scorer, len(documents), settings.distillation.weight, settings.distillation.temperature),
        checkpoint.tokenizer,
        train,
        Drawing(
            len(documents),
            pseudo.per_document,
            pseudo.distinct,
            pseudo.training_queries,
            settings.training.rows_per_batch,
            seed,
        ),
    )


def bm25_scorer(files: DocidFiles, documents: int) -> Bm25Scorer:
    """BM25 over the documents, by the terms of all words that texts may hold."""
    words = [files.collection / "bm25-words.parquet"]
    if files.generated_words:
        words.append(files.generated_words)
    terms_of = {
        word: terms
        for frame in map(read_frame, words)
        for word, terms in zip(frame["word"], frame["terms"], strict=True)
    }
    weights = read_frame(files.collection / "bm25-weights.parquet", categories=["term"])
    return Bm25Scorer(weights, terms_of, documents)


def generated_queries(path: Path | None, docids: list[str]) -> dict[int, list[str]]:
    """Generated queries by the column of their document; none without a file."""
    if path is None:
        return {}
    column = {docid: number for number, docid in enumerate(docids)}
    frame = read_frame(path)
    queries: dict[int, list[str]] = {}
    for docid, query in zip(frame["docid"], frame["query"], strict=True):
        queries.setdefault(column[docid], []).append(query)
    logger.info("%d of %d documents have generated queries", len(queries), len(docids))
    return queries


def split_queries(
    queries: pd.DataFrame, split: str, relevant: dict[str, set[str]], docids: list[str]
) -> list[Query]:
    """The queries of a split, with their relevant documents as far as the collection has them."""
    column = {docid: number for number, docid in enumerate(docids)}
    chosen = queries[queries["split"] == split]
    found = [
        Query(text, tuple(sorted(column[docid] for docid in relevant.get(qid, set()) if docid in column)))
        for qid, text in zip(chosen["qid"], chosen["text"], strict=True)
    ]
    judged = sum(bool(query.relevant) for query in found)
    logger.info("%d of %d %s queries have a relevant document", judged, len(found), split)
    return found
