"""Files fetched from a server or copied from a path, verified before they are used.

Nothing is used before its digest is as stated, and every file appears under its name as a whole or not at
all.
"""

import logging
import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

from dsi.collection.range_requests import Patience, fetch
from dsi.collection.verification import DownloadError, MismatchError, Source, refuse_plain, verify

PATIENCE = Patience()

logger = logging.getLogger(__name__)


def cache_path(source: Source, cache: Path) -> Path:
    """Where a folder of downloads keeps a source: its file name after the start of its digest.

    The digest keeps apart files that different places give the same name.
    """
    _, digest = source.digests()[0]
    return cache / f"{digest[:12]}-{PurePosixPath(urlsplit(source.url).path).name}"


def download(source: Source, target: Path, patience: Patience = PATIENCE) -> Path:
    """Fetch a file unless it is already there and verified.

    Bytes gather in `<target>.part`, where a later attempt or call continues. It takes the target's
    name once size and digest are right.

    Returns:
        The target.

    Raises:
        MismatchError: size or digest differ; neither part nor target is left.
        DownloadError: the file is not to be had; what came of it stays in the part.
    """
    source.digests()  # the clear error, before anything is asked for
    if target.is_file():
        try:
            verify(source, target)
        except MismatchError as error:
            logger.warning("%s; fetching it again instead of %s", error, target)
            target.unlink()
        else:
            logger.info("%s is already there and verified", target)
            return target
    part = target.with_name(f"{target.name}.part")
    path = _local_path(source.url)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if path is None:
            fetch(source, part, patience)
        else:
            _copy(source, path, part)
        part.replace(target)
    except OSError as error:
        raise DownloadError(
            f"{source.url}: cannot be written to {target} ({error}); make room or choose another folder"
        ) from error
    return target


def _local_path(url: str) -> Path | None:
    """The path that a source without a server names, None for http and https."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        refuse_plain(url)
        return None
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(url2pathname(parts.path))
    if not parts.scheme:
        return Path(url)
    raise DownloadError(f"found {url!r}, expected a path or a URL of http, https or file:///")


def _copy(source: Source, path: Path, part: Path) -> None:
    """Copy a local file to the part and verify it; on any error no part is left."""
    if not path.is_file():
        raise DownloadError(f"{source.url}: found no such file; correct the path")
    try:
        shutil.copyfile(path, part)
        verify(source, part)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
