"""Documents, topics and judgements of tables with a header, whose columns the configuration names."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dsi.base.lines import FileFormatError
from dsi.collection.files import Document
from dsi.collection.tables import Record, place_unit, read_table
from dsi.collection.topics import Judgement, Topic


class TextColumns(NamedTuple):
    """The columns of documents or topics; several of text are joined by newlines, empty ones left out."""

    id: str
    text: tuple[str, ...]


class JudgementColumns(NamedTuple):
    """The columns of judgements; without one of grades every row is judged 1."""

    query: str
    document: str
    grade: str | None = None


def columns_of(values: Mapping[str, Any]) -> TextColumns | JudgementColumns:
    """From the key `columns` of a configuration."""
    if "id" in values:
        return TextColumns(values["id"], tuple(values["text"]))
    return JudgementColumns(values["query"], values["document"], values.get("grade"))


def table_documents(path: Path, columns: TextColumns) -> Iterator[Document]:
    """The documents of a table. A text may be empty but not missing, as Parquet's null is.

    Raises:
        FileFormatError: a column is not there or cannot be read, or all texts of a row are null.
    """
    for record in read_table(path, [columns.id, *columns.text]):
        docid, text = id_and_text(path, record, columns.text)
        yield Document(docid, text, record.place)


def table_topics(path: Path, columns: TextColumns) -> Iterator[Topic]:
    """The topics of a table; errors as of documents."""
    for record in read_table(path, [columns.id, *columns.text]):
        qid, text = id_and_text(path, record, columns.text)
        yield Topic(record.place, qid, text)


def table_judgements(path: Path, columns: JudgementColumns) -> Iterator[Judgement]:
    """The judgements of a table; errors as of documents."""
    graded = [columns.grade] if columns.grade is not None else []
    for place, (qid, docid, *grades) in read_table(path, [columns.query, columns.document, *graded]):
        yield Judgement(place, qid or "", docid or "", str(grades[0]) if grades else 1)


def id_and_text(path: Path, record: Record, names: Sequence[str]) -> tuple[str, str]:
    """The id of a row, its first field, and the joined text of those that follow and have these names."""
    docid, *texts = record.values
    if all(text is None for text in texts):
        raise FileFormatError(
            f"{path}, {place_unit(path)} {record.place}, column {names[0]!r}: found null, expected a text"
        )
    return docid or "", "\n".join(filter(None, texts))
