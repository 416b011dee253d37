"""Checks of tables with a header and of folders: what a corpus is made of, and the columns that it has.

Of every table the header is read, and nothing else.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

from dsi.base.lines import FileFormatError
from dsi.base.tables import PARQUET, read_rows, table_suffix
from dsi.collection.corpus_folder import corpus_files, is_text_file, text_docid
from plan.config.checks.files import file_problems, name_problems
from plan.config.sources import JudgementSource, TextColumns, TextSource

_SUFFIXES = ".csv, .tsv (both also .gz) or .parquet"
_LOOKED_AT = 20  # files of a folder without a header, at every start


class _Column(NamedTuple):
    """A column that the configuration names, and the key that names it."""

    key: str
    name: str


def table_problems(key: str, source: TextSource | JudgementSource) -> Iterator[str]:
    """What is wrong with a source that has columns, as far as its file is here."""
    named = list(_named(source))
    for column in named:
        yield from name_problems(f"{key}.columns.{column.key}", column.name)
    if source.path is not None and Path(source.path).is_dir() and isinstance(source, TextSource):
        try:
            files = corpus_files(Path(source.path), tables=True)
        except FileFormatError as error:
            yield f"{key}.path: {error}"
            return
    elif source.path is not None:
        files = [Path(source.path)]
    else:
        files = [Path(PurePosixPath(_path_of(source.url or "")).name)]
    for file in files:
        problems = list(_problems_of(key, file, named))
        yield from problems
        if problems:
            return  # the other files of a folder have the same


def _path_of(url: str) -> str:
    """The path within a URL; all of one that is none, which is said elsewhere."""
    try:
        return urlsplit(url).path
    except ValueError:
        return url


def hint(path: str, content: str) -> str:
    """What to write for a table whose columns are not named, where the file may be one; else nothing."""
    if table_suffix(path) is None:
        return ""
    try:
        found = header(Path(path))
    except (FileFormatError, OSError):
        return ""
    judged = content == "judgements"
    shown = "{query: query, document: document, grade: grade}" if judged else "{id: id, text: text}"
    if len(found) < 2:
        return ""
    return f"; or beside path the key columns of this table, which has {', '.join(found)}: columns: {shown}"


def query_column_problems(key: str, wanted: str, corpus: TextSource, parts: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the part of the documents that is to be the query."""
    yield from name_problems(key, wanted)
    columns = corpus.columns
    listed = f"{', '.join(parts[:-1])} or {parts[-1]}"
    if columns is None:
        if wanted not in parts:
            yield (
                f"{key}: found {wanted!r}, expected {listed}, or a column of a corpus that names its "
                f"columns, for example {parts[0]}"
            )
        return
    found = _columns_here(corpus)
    if found is not None and wanted not in (*found, *parts):
        yield (
            f"{key}: found {wanted!r}, expected a column of {corpus.path!r} ({', '.join(found)}), {listed}, "
            f"for example {parts[0]}"
        )
    elif tuple(columns.text) == (wanted,) and (found is None or wanted in found):
        yield (
            f"{key}: found {wanted!r}, the only column of text, which leaves none to search; expected "
            f"another one in columns.text, or a part of the text, for example {parts[0]}"
        )


def folder_problems(key: str, folder: Path) -> Iterator[str]:
    """What is wrong with a folder of documents."""
    for file in sorted(folder.rglob("*")):
        yield from name_problems(key, str(file.relative_to(folder)))
    try:
        files = corpus_files(folder)
    except FileFormatError as error:
        yield f"{key}: {error}"
        return
    if is_text_file(files[0]):
        yield from _docid_problems(key, folder, files)
        return
    for file in files[:_LOOKED_AT]:
        for problem in file_problems(key, str(file), "documents") if file.stat().st_size else ():
            yield f"{problem}; text files (.txt, .md) are read of a folder without .json, .jsonl and .tsv"
            return


def header(path: Path) -> tuple[str, ...]:
    """The columns of a table that is here; none of an empty one.

    Raises:
        FileFormatError, OSError: it cannot be read.
    """
    if table_suffix(path.name) != PARQUET:
        return tuple(next((row.fields for row in read_rows(path)), ()))
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(path).names)
    except pa.ArrowInvalid as error:
        raise FileFormatError(f"{path}: found a file that is no Parquet ({error})") from error


def _columns_here(corpus: TextSource) -> tuple[str, ...] | None:
    """The columns of a corpus; None where it is not here, or cannot be read, which is said elsewhere."""
    try:
        files = corpus_files(Path(corpus.path or ""), tables=True) if corpus.path else []
        return header(files[0]) if files and table_suffix(files[0].name) else None
    except (FileFormatError, OSError):
        return None


def _named(source: TextSource | JudgementSource) -> Iterator[_Column]:
    columns = source.columns
    if isinstance(columns, TextColumns):
        yield _Column("id", columns.id)
        yield from (_Column("text", name) for name in columns.text)
    elif columns is not None:
        yield from (_Column("query", columns.query), _Column("document", columns.document))
        yield from (_Column("grade", name) for name in (columns.grade,) if name is not None)


def _problems_of(key: str, file: Path, named: list[_Column]) -> Iterator[str]:
    if table_suffix(file.name) is None:
        yield (
            f"{key}.columns: found columns of {file.name!r}, which is no table by its name; expected one "
            f"that ends in {_SUFFIXES}, or no columns, for example path: data/pages.csv"
        )
        return
    if not file.is_file():
        return  # a download, or an absent file, which is said elsewhere
    try:
        found = header(file)
    except (FileFormatError, OSError) as error:
        yield f"{key}.path: {error}"
        return
    for column, name in named:
        if found.count(name) != 1:
            often = "twice or more" if name in found else "nowhere"
            other = any(mark in found[0] for mark in ";\t,") if len(found) == 1 else False
            near = difflib.get_close_matches(name, found, n=1)
            yield (
                f"{key}.columns.{column}: found {name!r}, which is {often} in the header of {str(file)!r}; "
                f"expected one of {', '.join(found) or 'its columns (the file is empty)'}, for example "
                f"{column}: {(near or list(found) or ['id'])[0]}"
                + ("; columns of a .csv are separated by commas, those of a .tsv by tabs" if other else "")
            )


def _docid_problems(key: str, folder: Path, files: list[Path]) -> Iterator[str]:
    """Docids are the names as they are: none may have white space, as columns of runs are separated by it."""
    spaced = [file for file in files if text_docid(file, folder).split() != [text_docid(file, folder)]]
    if spaced:
        yield (
            f"{key}: found {len(spaced)} names with white space, as {str(spaced[0].relative_to(folder))!r}; "
            "expected names without, as they become docids, for example my-notes.txt"
        )
    first: dict[str, Path] = {}
    for file in files:
        other = first.setdefault(text_docid(file, folder), file)
        if other != file:
            yield (
                f"{key}: found {other.name!r} and {file.name!r}, two files of the docid "
                f"{text_docid(file, folder)!r}; expected every name without suffix once, for "
                "example one of them"
            )
            return
