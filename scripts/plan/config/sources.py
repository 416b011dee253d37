"""Where the files of a collection come from, and the columns of those that are tables with a header."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from plan.config.reading import read_list
from plan.config.section import MayBeAbsent, Positive, Section, Text

SPLITS = ("train", "validation", "test")


def _listed(value: Any) -> Any:
    """The list that a text stands for, of which it is the one entry."""
    value = read_list(value)
    return (value,) if isinstance(value, str) else value


ColumnOrColumns = Annotated[
    tuple[Text, ...],
    Field(min_length=1),
    BeforeValidator(_listed),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ]
        }
    ),
]


class Source(Section):
    """Where a file comes from; a path is preferred to a url."""

    path: MayBeAbsent[Text] = Field(
        default=None, description="a local file or folder", examples=["data/topics.tsv"]
    )
    url: MayBeAbsent[Text] = Field(
        default=None, description="where to download it", examples=["https://example.org/topics.tsv"]
    )
    size: MayBeAbsent[Positive] = Field(default=None, description="its size in bytes", examples=[2347197])
    sha256: MayBeAbsent[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(
        default=None, description="its SHA-256, verified before use", examples=["4fbb27dfc65b…"]
    )
    md5: MayBeAbsent[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]] = Field(
        default=None,
        description="its MD5, where no SHA-256 is published",
        examples=["cfe14d543c6a27f4d742fb2d0099b8e0"],
    )
    prebuilt: MayBeAbsent[Text] = Field(
        default=None,
        description="of an index: its name among Pyserini's prebuilt ones",
        examples=["msmarco-v1-passage"],
    )
    pyserini: MayBeAbsent[Text] = Field(
        default=None,
        description="of topics and judgements: their name in Pyserini",
        examples=["msmarco-passage-dev-subset"],
    )


class TextColumns(Section):
    """The columns of documents or queries in a table with a header."""

    id: Text = Field(description="the column of their ids, none twice", examples=["page"])
    text: ColumnOrColumns = Field(
        description="that of their text; of several, which are joined by newlines, a list",
        examples=["[summary, description]"],
    )


class JudgementColumns(Section):
    """The columns of judgements in a table with a header."""

    query: Text = Field(description="the column of the queries' ids", examples=["query"])
    document: Text = Field(description="that of the documents' ids", examples=["document"])
    grade: MayBeAbsent[Text] = Field(
        default=None,
        description="that of the grades, whole numbers; absent: every row is judged 1",
        examples=["grade"],
    )


class TextSource(Source):
    """Where documents or queries come from; a path is preferred to a url."""

    columns: MayBeAbsent[TextColumns] = Field(
        default=None,
        description="of a table with a header (.csv, .tsv or .parquet; the first two also .gz): its columns",
        examples=["{id: page, text: [summary, description]}"],
    )


class CorpusSource(TextSource):
    """Where documents come from; a path is preferred to a url."""

    repeated: MayBeAbsent[Literal["first"]] = Field(
        default=None,
        description="what of documents whose docid occurred before: `first`, they are left out and counted; "
        "absent, they are refused",
        examples=["first"],
    )


class JudgementSource(Source):
    """Where judgements come from; a path is preferred to a url."""

    columns: MayBeAbsent[JudgementColumns] = Field(
        default=None,
        description="of a table with a header (.csv, .tsv or .parquet; the first two also .gz): its columns",
        examples=["{query: query, document: document, grade: grade}"],
    )


class JudgedQueries(Section):
    """Queries and their judgements."""

    topics: TextSource = Field(
        description="queries: lines `qid<TAB>query`, TREC topics, BEIR's JSON lines, or a table (columns)"
    )
    qrels: JudgementSource = Field(
        description="their judgements, as TREC qrels, BEIR's or a table (columns); those of other topics are "
        "left out"
    )


_JUDGED = ["{topics: {path: topics.tsv}, qrels: {path: qrels.txt}}"]


class Splits(Section):
    """Published splits of the queries."""

    train: MayBeAbsent[JudgedQueries] = Field(default=None, description="for training", examples=_JUDGED)
    validation: MayBeAbsent[JudgedQueries] = Field(
        default=None, description="for the curves and for every choice", examples=_JUDGED
    )
    test: JudgedQueries = Field(description="for the tables", examples=_JUDGED)
