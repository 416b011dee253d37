"""Unpacking downloaded archives: nothing may leave the folder that it is unpacked into."""

import shutil
import tarfile
import zlib
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from dsi.collection.range_requests import BLOCK
from dsi.collection.verification import DownloadError


class UnsafeArchiveError(DownloadError):
    """A member of an archive would reach outside the folder that it is unpacked to."""


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar archive, plain or compressed with gzip, bzip2 or xz, into a new folder.

    A single folder at the archive's top is left out of the paths. The folder appears as a whole.

    Args:
        folder: does not exist yet, or is empty.

    Raises:
        UnsafeArchiveError: a member would reach outside; nothing is left behind.
        DownloadError: the archive is no archive, damaged or empty, or the folder is in use.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DownloadError(f"{folder}: found something there already, expected none; move it away")
    temporary = folder.with_name(f"{folder.name}.unpacking")
    shutil.rmtree(temporary, ignore_errors=True)  # of a call that was killed
    temporary.mkdir(parents=True)
    try:
        _extract(archive, temporary)
        members = list(temporary.iterdir())
        if not members:
            raise DownloadError(f"{archive}: found an empty archive, expected files")
        single = len(members) == 1 and members[0].is_dir() and not members[0].is_symlink()
        (members[0] if single else temporary).rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _extract(archive: Path, folder: Path) -> None:
    """Unpack in one pass, each member judged before anything of it is written."""
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter=_inside_filter)
            _check_end(tar)
    except UnsafeArchiveError as error:
        raise UnsafeArchiveError(f"{archive}: {error}; do not use this archive") from error
    except tarfile.FilterError as error:
        raise UnsafeArchiveError(
            f"{archive}: member {error.tarinfo.name!r} is unsafe ({error}); do not use this archive"
        ) from error
    except (tarfile.TarError, EOFError, zlib.error, LZMAError, OSError) as error:
        # Only the system's own errors, such as a full disk, have a number.
        advice = (
            "make room or choose another folder"
            if getattr(error, "errno", None)
            else "expected a whole tar archive, plain or compressed with gzip, bzip2 or xz: get it again"
        )
        reason = str(error).splitlines()[0].rstrip(":") if str(error) else type(error).__name__
        raise DownloadError(f"{archive}: cannot be unpacked ({reason}); {advice}") from error


def _inside_filter(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
    """PEP 706's filter `data`, and no absolute name, which it makes relative, nor any '..'.

    So a link points down from where it is, and no chain of links leads out: releases of Python before 2025
    follow very long chains only in part (CVE-2025-4517).
    """
    for name in (member.name, member.linkname):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise UnsafeArchiveError(
                f"member {member.name!r} leads to {name!r}, expected a path inside the archive without '..'"
            )
    return tarfile.data_filter(member, path)


def _check_end(tar: tarfile.TarFile) -> None:
    """Require the block of zeros that ends an archive, and read on to a compressed one's checksum.

    tarfile takes a cut or a damaged header after the first member for the end.
    """
    file: IO[bytes] | None = tar.fileobj  # type: ignore[assignment]
    assert file is not None  # an open archive has one
    file.seek(tar.offset)
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError(f"no end mark at byte {tar.offset}")
    while file.read(BLOCK):
        pass
