"""Files that are known by their digest: where one is, and whether what is there is the right one."""

import hashlib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class DownloadError(RuntimeError):
    """A file could not be had; the message says from where, what was found and what to do."""


class MismatchError(DownloadError):
    """What came is not what was asked for: another size or digest."""


class Source(NamedTuple):
    """Where a file is and how to know it: an http, https or file URL or a plain path, and a digest."""

    url: str
    size: int | None  # bytes
    sha256: str | None  # hex; this or md5 must be given
    md5: str | None  # hex

    def digests(self) -> list[tuple[str, str]]:
        """The stated digests, the stronger first: algorithm, hex.

        Raises:
            DownloadError: none is stated.
        """
        stated = [("sha256", self.sha256), ("md5", self.md5)]
        digests = [(algorithm, digest.lower()) for algorithm, digest in stated if digest]
        if not digests:
            raise DownloadError(
                f"{self.url}: found no digest, expected sha256 or md5 of the file, for example sha256 "
                "4fbb27dfc65b…; what is downloaded is never used unverified"
            )
        return digests

    def size_mismatch(self, found: int) -> MismatchError:
        """The error for a file of another size, in bytes."""
        return MismatchError(
            f"{self.url}: found {found} bytes, expected {self.size}; the file is cut or another one: try "
            "again, or correct the size if you trust the source"
        )


def refuse_plain(url: str) -> None:
    """Refuse an address whose answer others on the way could read or change: http to another machine.

    Raises:
        DownloadError: it is neither https nor of this machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
        raise DownloadError(
            f"{url}: found {parts.scheme or 'no scheme'}, expected https, for example "
            "https://example.org/topics.tsv; plain http goes to this machine only"
        )


def verify(source: Source, path: Path) -> None:
    """Compare a file with the size and the digests of a source, as far as they are stated.

    Raises:
        MismatchError: one differs; the message says found and expected.
    """
    size = path.stat().st_size
    if source.size is not None and size != source.size:
        raise source.size_mismatch(size)
    for algorithm, expected in source.digests():
        with path.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).hexdigest()
        if found != expected:
            raise MismatchError(
                f"{source.url}: found {algorithm} {found}, expected {expected}; the file is damaged or "
                "another one: try again, or correct the digest if you trust the source"
            )
