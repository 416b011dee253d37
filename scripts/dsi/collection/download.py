"""Downloads that resume and are verified, and archives that are unpacked without trust.

Nothing is used before its digest is as stated, and every output appears under its name as a whole or
not at all. Does not know what is in a file, nor config keys or the study's folders.

Sources: RFC 9110, section 14 (range requests); PEP 706 (tarfile's extraction filters).
"""

import hashlib
import http.client
import logging
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, url2pathname, urlopen

from tqdm import tqdm

logger = logging.getLogger(__name__)


BLOCK = 1 << 16  # bytes read at a time; at most this much is lost when a connection breaks
LOG_SECONDS = 10.0  # between lines of progress where there is no terminal


class DownloadError(RuntimeError):
    """A file could not be had; the message says from where, what was found and what to do."""


class MismatchError(DownloadError):
    """What came is not what was asked for: another size or digest."""


class _TransientError(Exception):
    """A failed attempt after which another one may succeed."""


class Source(NamedTuple):
    """Where a file is and how to know it: an http, https or file URL or a plain path, and a digest."""

    url: str
    size: int | None  # bytes
    sha256: str | None  # hex; this or md5 must be given
    md5: str | None  # hex


def cache_path(source: Source, cache: Path) -> Path:
    """Where a folder of downloads keeps a source: its file name after the start of its digest.

    The digest keeps apart files that different places give the same name.
    """
    _, digest = _digests(source)[0]
    return cache / f"{digest[:12]}-{PurePosixPath(urlsplit(source.url).path).name}"


def download(
    source: Source, target: Path, *, retries: int = 5, backoff: float = 1.0, timeout: float = 30.0
) -> Path:
    """Fetch a file unless it is already there and verified.

    Bytes gather in `<target>.part`, where a later attempt or call continues. It takes the target's
    name once size and digest are right.

    Args:
        retries: attempts after the first, when the network or the server fails.
        backoff: seconds before the first of them; doubled each time.
        timeout: seconds without a byte after which an attempt has failed.

    Returns:
        The target.

    Raises:
        MismatchError: size or digest differ; neither part nor target is left.
        DownloadError: the file is not to be had; what came of it stays in the part.
    """
    _digests(source)
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
            _fetch(source, part, retries, backoff, timeout)
        else:
            _copy(source, path, part)
        part.replace(target)
    except OSError as error:
        raise DownloadError(
            f"{source.url}: cannot be written to {target} ({error}); make room or choose another folder"
        ) from error
    return target


def verify(source: Source, path: Path) -> None:
    """Compare a file with the size and the digests of a source, as far as they are stated.

    Raises:
        MismatchError: one differs; the message says found and expected.
    """
    size = path.stat().st_size
    if source.size is not None and size != source.size:
        raise _size_mismatch(source, size)
    for algorithm, expected in _digests(source):
        with path.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).hexdigest()
        if found != expected:
            raise MismatchError(
                f"{source.url}: found {algorithm} {found}, expected {expected}; the file is damaged or "
                "another one: try again, or correct the digest if you trust the source"
            )


def _digests(source: Source) -> list[tuple[str, str]]:
    """The stated digests, the stronger first: algorithm, hex."""
    stated = [("sha256", source.sha256), ("md5", source.md5)]
    digests = [(algorithm, digest.lower()) for algorithm, digest in stated if digest]
    if not digests:
        raise DownloadError(
            f"{source.url}: found no digest, expected sha256 or md5 of the file, for example sha256 "
            "4fbb27dfc65b…; what is downloaded is never used unverified"
        )
    return digests


def _size_mismatch(source: Source, found: int) -> MismatchError:
    return MismatchError(
        f"{source.url}: found {found} bytes, expected {source.size}; the file is cut or another one: try "
        "again, or correct the size if you trust the source"
    )


def _local_path(url: str) -> Path | None:
    """The path that a source without a server names, None for http and https."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
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


def _fetch(source: Source, part: Path, retries: int, backoff: float, timeout: float) -> None:
    """Complete the part over HTTP and verify it; on a mismatch no part is left."""
    continued = part.exists()
    try:
        _complete(source, part, retries, backoff, timeout)
        verify(source, part)
    except MismatchError as error:
        part.unlink(missing_ok=True)
        if not continued:
            raise
        # The fault may lie in the bytes of an earlier call, which the server has replaced since.
        logger.warning("%s; starting again without the part of an earlier call", error)
        _fetch(source, part, retries, backoff, timeout)


def _complete(source: Source, part: Path, retries: int, backoff: float, timeout: float) -> None:
    """Request what the part lacks until nothing is lacking or the attempts are used up."""
    for attempt in range(retries + 1):
        try:
            return _request(source, part, timeout)
        except _TransientError as error:
            if attempt == retries:
                raise DownloadError(
                    f"{source.url}: {error}; gave up after {attempt + 1} attempts. Check the address and "
                    f"the network and run this again{_kept(part)}"
                ) from error
            delay = backoff * 2**attempt
            logger.warning(
                "%s: %s; attempt %d of %d in %g s", source.url, error, attempt + 2, retries + 1, delay
            )
            time.sleep(delay)
    return None


def _kept(part: Path) -> str:
    """What a later call can build on, for the end of a message."""
    size = part.stat().st_size if part.exists() else 0
    return f": it continues after the {size} bytes in {part}" if size else ""


def _request(source: Source, part: Path, timeout: float) -> None:
    """One request for what the part lacks, added to the part.

    Raises:
        _TransientError: connection, time-out, early end, or the server's passing trouble.
        MismatchError: the server has a file of another size.
        DownloadError: the server will not give the file, now or later.
    """
    start = part.stat().st_size if part.exists() else 0
    if start and start == source.size:
        return  # killed between the last byte and the verification
    if source.size is not None and start > source.size:
        part.unlink()
        start = 0
    try:
        response = urlopen(_get(source.url, start), timeout=timeout)
    except HTTPError as error:
        with error:
            raise _refusal(source.url, error, part if start else None) from error
    except http.client.InvalidURL as error:
        raise DownloadError(f"found {source.url!r}, expected a URL without such parts: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _TransientError(f"no answer ({_reason(error)})") from error
    with response:
        start, total = _extent(response, start, part)
        expected = source.size if total is None else total
        if source.size is not None and expected != source.size:
            raise _size_mismatch(source, expected or 0)
        _store(source, response, part, start, expected)


def _get(url: str, start: int) -> Request:
    headers = {"User-Agent": "dsi-download"}
    return Request(url, headers=headers | ({"Range": f"bytes={start}-"} if start else {}))


def _refusal(url: str, error: HTTPError, part: Path | None) -> Exception:
    """What an error status means: another attempt, from zero if the range was at fault, or the end."""
    status = f"status {error.code} {error.reason}"
    if error.code == 416 and part is not None:
        part.unlink()
        return _TransientError(f"{status}, so the next attempt starts from zero")
    if error.code >= 500 or error.code == 429:
        return _TransientError(status)
    return DownloadError(f"{url}: found {status}, expected the file; correct the address or get access to it")


def _extent(response: http.client.HTTPResponse, start: int, part: Path) -> tuple[int, int | None]:
    """Where the body that follows begins, and the whole file's bytes if the server says so.

    A server without ranges answers 200 with the whole file.
    """
    if response.status == 200:
        return 0, response.length
    stated = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", stated)
    if response.status != 206 or match is None or int(match[1]) != start:
        part.unlink(missing_ok=True)
        raise _TransientError(
            f"found status {response.status} with Content-Range {stated!r}, expected 206 from byte {start}, "
            "so the next attempt starts from zero"
        )
    return start, None if match[3] == "*" else int(match[3])


def _store(
    source: Source, response: http.client.HTTPResponse, part: Path, start: int, expected: int | None
) -> None:
    """Write a body to the part from byte `start` on."""
    done = start
    with part.open("ab" if start else "wb") as file:
        for block in _shown(_blocks(response), start, expected, part.stem):
            file.write(block)
            done += len(block)
            if expected is not None and done > expected:
                raise _size_mismatch(source, done)
    if expected is not None and done < expected:
        raise _TransientError(f"the connection ended after {done} of {expected} bytes")


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body; errors of the network stand apart from those of the disk that the caller may have."""
    while True:
        try:
            block = response.read(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise _TransientError(f"the connection broke ({_reason(error)})") from error
        if not block:
            return
        yield block


def _shown(blocks: Iterator[bytes], start: int, total: int | None, name: str) -> Iterator[bytes]:
    """The same blocks, with a bar on a terminal and a line every ten seconds elsewhere."""
    done, shown = start, time.monotonic()
    with tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=name, disable=None) as bar:
        for block in blocks:
            yield block
            bar.update(len(block))
            done += len(block)
            if bar.disable and time.monotonic() - shown >= LOG_SECONDS:
                shown = time.monotonic()
                logger.info("%s: %.1f of %s MB", name, done / 1e6, f"{total / 1e6:.1f}" if total else "?")


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", error)) or type(error).__name__
