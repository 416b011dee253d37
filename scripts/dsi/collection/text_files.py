"""A folder of text or Markdown files, each a document whose docid is its path without suffix."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dsi.base.lines import read_lines
from dsi.collection.corpus_folder import text_docid
from dsi.collection.files import Document
from dsi.collection.origin import FILE


def text_documents(files: Iterable[Path], folder: Path) -> Iterator[Document]:
    """The documents of some files, plain or gzipped, in their order. Markdown stays as it is written.

    Args:
        folder: below which they are; of the docid `guide/install` the file is `guide/install.md`.

    Raises:
        FileFormatError: bytes that are not UTF-8, or a damaged gzip file.
    """
    for number, path in enumerate(files):
        text = "\n".join(line.text for line in read_lines(path))
        yield Document(text_docid(path, folder), text, number * FILE + 1)
