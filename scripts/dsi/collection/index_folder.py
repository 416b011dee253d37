"""A Lucene index in its place, with a manifest of its files: built here, copied, or downloaded.

The index is the manifest's folder. It appears as a whole and last, so that a killed job leaves no half index
behind.
"""

import difflib
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dsi.base.files import write_json
from dsi.bm25.lucene import ENGLISH, MANIFEST, build_index, index_manifest, start_jvm
from dsi.collection.archives import unpack
from dsi.collection.download import cache_path, download
from dsi.collection.verification import DownloadError, Source, verify

LOCK = "write.lock"  # Lucene's own, of whoever writes

logger = logging.getLogger(__name__)


class IndexSource(NamedTuple):
    """One of: path, a local folder or archive; url of an archive; prebuilt, a name of Pyserini's.

    The first of them in this order counts. size (bytes), sha256 and md5 are the archive's. language: of the
    analyser that made it.
    """

    path: str | None = None
    url: str | None = None
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    prebuilt: str | None = None
    language: str = ENGLISH

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "IndexSource":
        """From the keys of a configuration."""
        return cls(**{name: values[name] for name in cls._fields if name in values})

    def archive(self, url: str) -> Source:
        """An archive of whatever size and digests are stated."""
        return Source(url, self.size, self.sha256, self.md5)


def make_index(documents: pd.DataFrame, manifest: Path, language: str = ENGLISH) -> None:
    """Index documents (docid, text) as `dsi.bm25.lucene.build_index` does."""
    with _new_index(manifest, language) as folder:
        folder.mkdir(parents=True)
        build_index(documents, folder, language)


def fetch_index(source: IndexSource, cache: Path, manifest: Path) -> None:
    """Put an existing index in place.

    Args:
        cache: a folder that keeps downloaded archives.

    Raises:
        DownloadError: it is not to be had, is no index, or differs from what is stated.
    """
    with _new_index(manifest, source.language) as folder:
        if source.path is not None:
            _place_local(Path(source.path), source, folder)
        elif source.url is not None:
            unpack(_fetched([source.archive(source.url)], cache), folder)
        elif source.prebuilt is not None:
            unpack(_fetched(prebuilt_sources(source.prebuilt), cache), folder)
        else:
            raise DownloadError(
                "found no source of an index, expected a path, url or prebuilt, for example "
                "--prebuilt msmarco-v1-passage"
            )
        _check_index(folder)
        (folder / LOCK).unlink(missing_ok=True)


def prebuilt_sources(name: str) -> list[Source]:
    """Where Pyserini's own metadata finds an index: one source for each of its addresses.

    The metadata is partly Anserini's, so reading it starts the JVM.

    Raises:
        DownloadError: Pyserini knows no such name.
    """
    start_jvm()
    from pyserini.prebuilt_index_info import TF_INDEX_INFO

    if name not in TF_INDEX_INFO:
        near = difflib.get_close_matches(name, TF_INDEX_INFO) or ["msmarco-v1-passage", "cacm"]
        raise DownloadError(
            f"found no prebuilt index {name!r} in Pyserini, expected one of its {len(TF_INDEX_INFO)} names, "
            f"for example {', '.join(near)}"
        )
    known = TF_INDEX_INFO[name]
    return [Source(url, int(known["size compressed (bytes)"]), None, known["md5"]) for url in known["urls"]]


@contextmanager
def _new_index(manifest: Path, language: str) -> Iterator[Path]:
    """A name for a new folder that takes the index's place on success, with the manifest of its files."""
    folder = manifest.parent
    building = folder.with_name(f"{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    try:
        yield building
        files = index_manifest(building, language)
        write_json(files, building / manifest.name)
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    logger.info("%s: an index of %d files", folder, len(files["files"]))


def _place_local(path: Path, source: IndexSource, folder: Path) -> None:
    """Copy a folder's files without their permissions; unpack an archive, verified if a digest is stated."""
    if path.is_dir():
        _check_index(path)
        folder.mkdir(parents=True)
        for file in path.iterdir():
            if file.name not in (LOCK, MANIFEST):
                shutil.copyfile(file, folder / file.name)
    elif path.is_file():
        if source.sha256 or source.md5:
            verify(source.archive(str(path)), path)
        unpack(path, folder)
    else:
        raise DownloadError(f"{path}: found nothing, expected the folder or archive of a Lucene index")


def _fetched(sources: list[Source], cache: Path) -> Path:
    """The archive from the first of its sources that gives it."""
    errors = []
    for source in sources:
        try:
            return download(source, cache_path(source, cache))
        except DownloadError as error:
            logger.warning("%s", error)
            errors.append(str(error))
    raise DownloadError("\n".join(errors))


def _check_index(folder: Path) -> None:
    """Require the files of a Lucene index and nothing that a manifest cannot hold."""
    names = sorted(path.name for path in folder.iterdir())
    folders = [path.name for path in folder.iterdir() if not path.is_file()]
    if folders or not any(name.startswith("segments_") for name in names):
        raise DownloadError(
            f"found {', '.join(folders or names)[:200] or 'nothing'} where the index should be, expected the "
            "files of one Lucene index, segments_1 or the like among them, and no folders"
        )
