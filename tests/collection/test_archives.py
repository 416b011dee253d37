"""Archives: whole or not at all, and nothing outside their folder."""

import io
import random
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dsi.collection.archives import UnsafeArchiveError, unpack
from dsi.collection.verification import DownloadError
from tests.collection.conftest import SMALL, archive_of, link, names


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_unpack_leaves_out_the_only_folder(tmp_path: Path, mode: str) -> None:
    (tmp_path / "archive").write_bytes(archive_of({"a": b"1", "b": b"2"}, mode))
    unpack(tmp_path / "archive", tmp_path / "folder")
    assert names(tmp_path) == {"archive", "folder", "folder/a", "folder/b"}
    assert (tmp_path / "folder/b").read_bytes() == b"2"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.6, 0.99])
def test_a_cut_archive_leaves_nothing(tmp_path: Path, mode: str, kept: float) -> None:
    members = {name: random.Random(name).randbytes(1024) for name in "abc"}
    whole = archive_of(members, mode).rstrip(b"\0") if mode == "w" else archive_of(members, mode)
    (tmp_path / "archive").write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(DownloadError, match=r"archive: cannot be unpacked .* expected a whole tar archive"):
        unpack(tmp_path / "archive", tmp_path / "folder")
    assert names(tmp_path) == {"archive"}


@pytest.mark.parametrize("blocks", [3, 6, 9])
def test_a_cut_between_members_is_seen(tmp_path: Path, blocks: int) -> None:
    """A header and two blocks of content make a member, so these cuts leave one, two and three of three."""
    members = {name: bytes(1024) for name in "abc"}
    (tmp_path / "archive").write_bytes(archive_of(members, "w")[: blocks * 512])
    with pytest.raises(DownloadError, match=f"no end mark at byte {blocks * 512}"):
        unpack(tmp_path / "archive", tmp_path / "folder")
    assert names(tmp_path) == {"archive"}


def test_a_damaged_checksum_is_seen(tmp_path: Path) -> None:
    """The last eight bytes of gzip are the checksum and the length of the content."""
    (tmp_path / "archive").write_bytes(SMALL[:-8] + bytes(8))
    with pytest.raises(DownloadError, match="CRC"):
        unpack(tmp_path / "archive", tmp_path / "folder")
    assert names(tmp_path) == {"archive"}


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param("/tmp/evil", tarfile.TarInfo, id="absolute"),
        pytest.param("index/../../evil", tarfile.TarInfo, id="parent"),
        pytest.param("..", tarfile.TarInfo, id="only-parent"),
        pytest.param("index/out", link(tarfile.SYMTYPE, "../../secret"), id="symlink-out"),
        pytest.param("index/out", link(tarfile.SYMTYPE, "/etc/passwd"), id="absolute-symlink"),
        pytest.param("index/out", link(tarfile.SYMTYPE, "inner/../../.."), id="symlink-out-by-detour"),
        pytest.param("index/out", link(tarfile.LNKTYPE, "../secret"), id="hard-link-out"),
        pytest.param("index/out", link(tarfile.LNKTYPE, "/etc/passwd"), id="absolute-hard-link"),
        pytest.param("index/device", link(tarfile.CHRTYPE, ""), id="device"),
        pytest.param("index/pipe", link(tarfile.FIFOTYPE, ""), id="pipe"),
    ],
)
def test_an_unsafe_archive_leaves_nothing(
    tmp_path: Path, name: str, make: Callable[[str], tarfile.TarInfo]
) -> None:
    (tmp_path / "secret").write_text("secret")
    with tarfile.open(tmp_path / "archive", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("index/harmless"))
        tar.addfile(make(name))
    before = names(tmp_path)
    with pytest.raises(UnsafeArchiveError, match=re.escape(f"member {name!r}")):
        unpack(tmp_path / "archive", tmp_path / "inner" / "folder")
    assert names(tmp_path) - {"inner"} == before
    assert not Path("/tmp/evil").exists()


def test_links_inside_are_kept(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "archive", "w") as tar:
        file = tarfile.TarInfo("index/a")
        file.size = 1
        tar.addfile(file, io.BytesIO(b"1"))
        tar.addfile(link(tarfile.SYMTYPE, "a")("index/soft"))
        tar.addfile(link(tarfile.LNKTYPE, "index/a")("index/hard"))
    unpack(tmp_path / "archive", tmp_path / "folder")
    assert {name: (tmp_path / "folder" / name).read_text() for name in ("soft", "hard")} == {
        "soft": "1",
        "hard": "1",
    }


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(SMALL)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").write_text("mine")
    with pytest.raises(DownloadError, match="found something there already"):
        unpack(tmp_path / "archive", tmp_path / "folder")
    assert names(tmp_path) == {"archive", "folder", "folder/mine"}
