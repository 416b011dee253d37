"""Downloads over HTTP that go on where an earlier attempt or call ended.

Source: RFC 9110, section 14 (range requests).
"""

import http.client
import logging
import re
import time
from collections.abc import Iterator
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tqdm import tqdm

from dsi.collection.verification import DownloadError, MismatchError, Source, refuse_plain, verify

BLOCK = 1 << 16  # bytes read at a time; at most this much is lost when a connection breaks
LOG_SECONDS = 10.0  # between lines of progress where there is no terminal

logger = logging.getLogger(__name__)


class Patience(NamedTuple):
    """How long to try.

    retries: attempts after the first, when the network or the server fails. backoff: seconds before the
    first of them; doubled each time. timeout: seconds without a byte after which an attempt has failed.
    """

    retries: int = 5
    backoff: float = 1.0
    timeout: float = 30.0


class _TransientError(Exception):
    """A failed attempt after which another one may succeed."""


class _SafeRedirects(HTTPRedirectHandler):
    """Follows a server to another address as far as that is allowed by itself."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        refuse_plain(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(source: Source, part: Path, patience: Patience) -> None:
    """Complete a partly downloaded file over HTTP and verify it.

    Raises:
        MismatchError: size or digest differ; no part is left.
        DownloadError: the file is not to be had; the part stays.
    """
    continued = part.exists()
    try:
        _complete(source, part, patience)
        verify(source, part)
    except MismatchError as error:
        part.unlink(missing_ok=True)
        if not continued:
            raise
        # The fault may lie in the bytes of an earlier call, which the server has replaced since.
        logger.warning("%s; starting again without the part of an earlier call", error)
        fetch(source, part, patience)


def _complete(source: Source, part: Path, patience: Patience) -> None:
    """Request what the part lacks until nothing is lacking or the attempts are used up."""
    for attempt in range(patience.retries + 1):
        try:
            return _request(source, part, patience.timeout)
        except _TransientError as error:
            if attempt == patience.retries:
                raise DownloadError(
                    f"{source.url}: {error}; gave up after {attempt + 1} attempts. Check the address and "
                    f"the network and run this again{_kept(part)}"
                ) from error
            delay = patience.backoff * 2**attempt
            attempts = patience.retries + 1
            logger.warning(
                "%s: %s; attempt %d of %d in %g s", source.url, error, attempt + 2, attempts, delay
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
        response = build_opener(_SafeRedirects).open(_get(source.url, start), timeout=timeout)
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
            raise source.size_mismatch(expected or 0)
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
                raise source.size_mismatch(done)
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
