"""Collections: a model for each kind, told apart by `kind`."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from plan.config.reading import read_mapping
from plan.config.section import (
    WHOLE,
    Distinct,
    MayBeAbsent,
    Natural,
    Number,
    OneOf,
    Positive,
    Section,
    Seed,
    Text,
)
from plan.config.sources import SPLITS, CorpusSource, JudgementSource, Source, Splits, TextSource

# Those of Anserini's (AnalyzerMap) whose BM25 the sums of term weights equal: those of Polish and Ukrainian
# give words of two meanings two terms at one place.
LANGUAGES = (
    *("en", "ar", "bn", "da", "de", "es", "fa", "fi", "fr", "hi", "hu", "id", "it", "ja", "ko", "nl", "no"),
    *("pt", "ru", "sv", "te", "th", "tr", "zh"),
)

PARTS = ("first_sentence", "heading")  # of any text that may be its query


class Split(Section):
    """How queries are divided, at random."""

    method: Literal["permutation", "train_test_split"] = Field(
        description="permutation: one shuffle; train_test_split: as in the study",
        examples=["permutation"],
    )
    train: Number = Field(
        description="fraction for training; the three add up to 1", examples=[0.7], ge=0, le=1
    )
    validation: Number = Field(description="for the curves and for every choice", examples=[0.1], ge=0, le=1)
    test: Number = Field(description="for the tables", examples=[0.2], gt=0, le=1)
    seed: Seed = Field(description="of the shuffle", examples=[42])


class DatasetSplits(Section):
    """The dataset ids of published splits of the queries."""

    train: MayBeAbsent[Text] = Field(
        default=None, description="for training", examples=["beir/nfcorpus/train"]
    )
    validation: MayBeAbsent[Text] = Field(
        default=None, description="for the curves and for every choice", examples=["beir/nfcorpus/dev"]
    )
    test: Text = Field(description="for the tables", examples=["beir/nfcorpus/test"])


class Scope(Section):
    """Judged documents and a random sample of the others."""

    sample: Natural = Field(description="documents without a judgement", examples=[10000])
    seed: Seed = Field(description="of the sample", examples=[42])


class Withhold(Section):
    """Training judgements of a share of the documents that are dropped."""

    documents: Number = Field(
        description="share of the documents relevant to a training or test query whose training judgements "
        "are dropped",
        examples=[0.5],
        gt=0,
        lt=1,
    )
    seed: Seed = Field(description="of the choice of documents", examples=[1])


class SplitRelevance(Section):
    """Lowest relevant grades of splits whose grades mean something else."""

    train: MayBeAbsent[Positive] = Field(
        default=None, description="the same for training queries", examples=[1]
    )
    validation: MayBeAbsent[Positive] = Field(
        default=None, description="the same for validation queries", examples=[1]
    )


class JudgedCollection(Section):
    """What collections of every kind have."""

    kind: str
    relevance: Positive = Field(description="a judgement of this grade or more is relevant", examples=[1])


class ScopedCollection(JudgedCollection):
    """What collections have whose documents and judgements come from elsewhere."""

    language: MayBeAbsent[Annotated[str, OneOf(LANGUAGES)]] = Field(
        default=None,
        description="of the index's analyser, which a fetched index was built with; absent: en",
        examples=["zh"],
    )
    scope: MayBeAbsent[Scope] = Field(default=None, description="which documents are kept; absent: all")
    withhold: MayBeAbsent[Withhold] = Field(
        default=None,
        description="documents that no training query answers with, so that test queries ask for seen and "
        "unseen ones; absent: none",
        examples=["{documents: 0.5, seed: 1}"],
    )
    split_relevance: MayBeAbsent[SplitRelevance] = Field(
        default=None, description="relevance of splits whose grades mean something else"
    )


class QueriesFromFiles(ScopedCollection):
    """Queries divided at random (topics, qrels and split) or as published (splits)."""

    topics: MayBeAbsent[TextSource] = Field(
        default=None,
        description="queries: lines `qid<TAB>query`, TREC topics, BEIR's JSON lines, or a table (columns); "
        "with qrels and split",
    )
    qrels: MayBeAbsent[JudgementSource] = Field(
        default=None,
        description="their judgements, as TREC qrels, BEIR's or a table (columns); with topics and split",
    )
    split: MayBeAbsent[Split] = Field(
        default=None, description="how queries are divided, at random; with topics and qrels"
    )
    splits: MayBeAbsent[Splits] = Field(
        default=None, description="queries as published, divided; instead of topics, qrels and split"
    )

    @property
    def has_training_queries(self) -> bool:
        """False if all queries are for validation and tests."""
        if self.splits is not None:
            return self.splits.train is not None
        return self.split is None or self.split.train > 0

    @property
    def has_validation_queries(self) -> bool:
        """False if no curve can be drawn and no training can stop early."""
        if self.splits is not None:
            return self.splits.validation is not None
        return self.split is None or self.split.validation > 0

    @property
    def query_sources(self) -> dict[str, TextSource | JudgementSource]:
        """Every source of queries or judgements, by the path of its key within the collection."""
        if self.splits is None:
            sources: dict[str, TextSource | JudgementSource | None] = {
                "topics": self.topics,
                "qrels": self.qrels,
            }
        else:
            sources = {
                f"splits.{name}.{key}": source
                for name in SPLITS
                if (part := getattr(self.splits, name)) is not None
                for key, source in (("topics", part.topics), ("qrels", part.qrels))
            }
        return {path: source for path, source in sources.items() if source is not None}


class PydocsCollection(JudgedCollection):
    """Docstrings of installed packages, read with ast from the sources, never imported: no download."""

    kind: Literal["pydocs"] = Field(
        description="docstrings of installed packages, read with ast, never imported", examples=["pydocs"]
    )
    relevance: Annotated[int, Field(ge=1, le=1), WHOLE] = Field(
        description="a judgement of this grade or more is relevant", examples=[1]
    )
    packages: Distinct[str] = Field(
        description="distributions that envs/requirements.txt pins", examples=[["networkx", "numpy"]]
    )
    split: Split = Field(description="how queries are divided, at random")

    @property
    def has_training_queries(self) -> bool:
        """False if all queries are for validation and tests."""
        return self.split.train > 0

    @property
    def has_validation_queries(self) -> bool:
        """False if no curve can be drawn and no training can stop early."""
        return self.split.validation > 0


class IndexCollection(QueriesFromFiles):
    """An existing Lucene index with topics and judgements."""

    kind: Literal["index"] = Field(description="an existing Lucene index", examples=["index"])
    index: Source = Field(description="the Lucene index: a folder or archive")


class FilesCollection(QueriesFromFiles):
    """A corpus of files with topics and judgements, or with a part of each document as its query."""

    kind: Literal["files"] = Field(description="files of documents", examples=["files"])
    corpus: CorpusSource = Field(
        description="the documents, a file or folder: JSON lines of Pyserini or BEIR, `docid<TAB>text`, a "
        "table (columns), or a folder of .txt and .md files, whose paths without suffix are the docids"
    )
    queries_from: MayBeAbsent[Text] = Field(
        default=None,
        description="the part of each document that is a query, which it answers, and no text: a column of "
        "the table, `first_sentence`, or `heading` (Markdown's first, else the first line); with split, "
        "instead of topics and qrels",
        examples=["summary"],
    )

    def corpus_source(self) -> dict[str, Any]:
        """The source of the documents, as the commands read it."""
        written = self.as_dict()
        return {**written["corpus"], **{key: written[key] for key in ("queries_from",) if key in written}}


class DatasetCollection(ScopedCollection):
    """A collection that the package ir_datasets provides."""

    kind: Literal["ir_datasets"] = Field(
        description="a data set of the package ir_datasets", examples=["ir_datasets"]
    )
    documents: Text = Field(description="the dataset id of the documents", examples=["beir/nfcorpus"])
    splits: DatasetSplits = Field(description="the dataset ids of queries and judgements")

    @property
    def has_training_queries(self) -> bool:
        """False if all queries are for validation and tests."""
        return self.splits.train is not None

    @property
    def has_validation_queries(self) -> bool:
        """False if no curve can be drawn and no training can stop early."""
        return self.splits.validation is not None


Collection = Annotated[
    PydocsCollection | IndexCollection | FilesCollection | DatasetCollection,
    Field(discriminator="kind", examples=["{kind: pydocs, …}"]),
    BeforeValidator(read_mapping),
]
