"""Which files of a folder are a corpus. The Snakefile asks this too, before any job."""

import logging
from pathlib import Path

from dsi.base.lines import FileFormatError

TEXT_FILES = (".txt", ".md", ".txt.gz", ".md.gz")
_JSON_FILES = (".jsonl", ".json", ".jsonl.gz", ".json.gz")
_TSV_FILES = (".tsv", ".tsv.gz")
_BEIR_FILES = ("corpus.jsonl", "corpus.jsonl.gz")
_TABLES = ((".csv", ".csv.gz"), _TSV_FILES, (".parquet",))

logger = logging.getLogger(__name__)


def corpus_files(path: Path, *, tables: bool = False) -> list[Path]:
    """The files of a corpus: the file itself, or those of a folder in the order of their names.

    Of a folder, JSON lines (.jsonl, .json) are read, at any depth, as Pyserini's JsonCollection reads them;
    of one as BEIR unpacks it corpus.jsonl alone; TSV where there are none; text files (.txt, .md), a document
    each, where there are neither. What is left out is said.

    Args:
        tables: of a folder, those of tables with a header instead: CSV, else TSV, else Parquet.

    Raises:
        FileFormatError: a folder without any.
    """
    if not path.is_dir():
        return [path]
    files = [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]
    chosen = [] if tables else [path / name for name in _BEIR_FILES if path / name in files][:1]
    for suffixes in _TABLES if tables else (_JSON_FILES, _TSV_FILES, TEXT_FILES):
        chosen = chosen or [file for file in files if file.name.lower().endswith(suffixes)]
    if not chosen:
        found = ", ".join(file.name for file in files[:5]) or "nothing"
        raise FileFormatError(
            f"{path}: found a folder without {'tables' if tables else 'documents'} ({found} in it), expected "
            f"files like {'corpus.csv' if tables else 'corpus.jsonl, docs00.json or page.md'}, or the path "
            "of one file"
        )
    taken = set(chosen)
    left_out = [str(file.relative_to(path)) for file in files if file not in taken]
    logger.info("%s: a folder of %d files of documents", path, len(chosen))
    if left_out:
        logger.info("%s: left out %s", path, ", ".join(left_out[:10]) + (", …" if len(left_out) > 10 else ""))
    return chosen


def is_text_file(path: Path) -> bool:
    """Whether a file of a folder is a document as a whole."""
    return path.name.lower().endswith(TEXT_FILES)


def text_docid(path: Path, folder: Path) -> str:
    """The docid of a text file: its path below the folder, without suffix."""
    name = path.relative_to(folder).as_posix()
    suffix = next(suffix for suffix in reversed(TEXT_FILES) if name.lower().endswith(suffix))
    return name[: -len(suffix)]
