"""An index in its place: from a server that misbehaves in every known way, a folder, an archive, or built."""

import hashlib
import io
import json
import socket
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dsi.bm25.lucene import verified_index
from dsi.collection import index_folder
from dsi.collection.archives import unpack
from dsi.collection.download import cache_path
from dsi.collection.index_folder import IndexSource, fetch_index, make_index, prebuilt_sources
from dsi.collection.verification import DownloadError, Source
from tests.collection.conftest import (
    CACM,
    CACM_BYTES,
    CACM_FILES,
    CACM_MD5,
    SMALL,
    Server,
    archive_of,
    names,
    source_of,
)
from tests.conftest import DOCUMENTS

pytestmark = pytest.mark.usefixtures("delays")

Command = Callable[..., subprocess.CompletedProcess[str]]
Java = Callable[..., Any]


def fetch(folder: Path, source: IndexSource) -> Path:
    """The manifest of an index that is put below a folder, with its downloads beside it."""
    manifest = folder / "index" / "manifest.json"
    fetch_index(source, folder / "downloads", manifest)
    return manifest


def fetch_source(folder: Path, source: Source) -> Path:
    return fetch(folder, IndexSource.of(source._asdict()))


def assert_right_index(manifest: Path, content: bytes) -> None:
    """Every file of the archive, byte for byte and as the manifest says, and nothing beside the index."""
    folder = verified_index(manifest)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    stated = json.loads(files.pop("manifest.json"))["files"]
    expected = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for member in tar.getmembers():
            file = tar.extractfile(member)
            if file is not None and not member.name.endswith("write.lock"):
                expected[Path(member.name).name] = file.read()
    assert files == expected
    assert {name: entry["sha256"] for name, entry in stated.items()} == {
        name: hashlib.sha256(value).hexdigest() for name, value in files.items()
    }
    if content != SMALL:
        assert len(files) == CACM_FILES
    top = {path.name for path in folder.parent.iterdir()}
    assert top == {"downloads", "index"}
    assert len(list((folder.parent / "downloads").iterdir())) == 1


@pytest.mark.parametrize(
    ("behaviours", "requests", "waits"),
    [
        pytest.param(["whole"], [0], [], id="whole"),
        pytest.param(["cut", "whole"], [0, 1], [1], id="cut-and-resumed"),
        pytest.param(["cut", "cut", "whole"], [0, 1, 1], [1, 2], id="cut-twice-and-resumed"),
        pytest.param(["cut", "no ranges"], [0, 1], [1], id="cut-and-no-ranges"),
        pytest.param(["cut", "wrong range", "whole"], [0, 1, 0], [1, 2], id="cut-and-another-range"),
        pytest.param(["cut", "416", "whole"], [0, 1, 0], [1, 2], id="cut-and-range-refused"),
        pytest.param(["cut no length", "whole"], [0, 1], [1], id="cut-without-a-length"),
        pytest.param(["no length"], [0], [], id="without-a-length"),
        pytest.param(["500", "500", "whole"], [0, 0, 0], [1, 2], id="500-twice"),
        pytest.param(["429", "whole"], [0, 0], [1], id="429"),
    ],
)
def test_what_can_be_mended_ends_in_the_right_index(
    server: Server,
    delays: list[float],
    tmp_path: Path,
    behaviours: list[str],
    requests: list[int],
    waits: list[float],
) -> None:
    """`requests` says of each request whether it asks for a range, `waits` the seconds between them."""
    server.behaviours = list(behaviours)
    manifest = fetch_source(tmp_path, source_of(server.content, server.url))
    assert_right_index(manifest, server.content)
    assert [asked is not None for asked in server.ranges] == [bool(asks) for asks in requests]
    assert delays == waits


@pytest.mark.parametrize(
    ("behaviour", "requests", "message"),
    [
        ("flipped", 1, r"found sha256 [0-9a-f]{64}, expected [0-9a-f]{64}"),
        ("truncated", 1, r"found \d+ bytes, expected \d+"),
        ("404", 1, "found status 404"),
        ("403", 1, "found status 403"),
        ("503", 6, "status 503.* gave up after 6 attempts"),
        ("cut no ranges", 6, r"the connection ended after \d+ of \d+ bytes; gave up after 6 attempts"),
    ],
)
def test_what_cannot_be_mended_ends_in_one_error(
    server: Server,
    tmp_path: Path,
    behaviour: str,
    requests: int,
    message: str,
) -> None:
    server.behaviours = [behaviour]
    source = source_of(server.content, server.url)
    with pytest.raises(DownloadError, match=message) as error:
        fetch_source(tmp_path, source)
    assert server.url in str(error.value)
    assert "\n" not in str(error.value)
    assert len(server.ranges) == requests
    archive = cache_path(source, tmp_path / "downloads").name
    # What the network cut stays for the next call, under its own name; nothing else does.
    kept = {f"downloads/{archive}.part"} if "cut" in behaviour else set()
    assert names(tmp_path) == {"downloads"} | kept


def test_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delays: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(DownloadError, match=r"no answer \(.*refused.*\); gave up after 6 attempts") as error:
        fetch_source(tmp_path, source_of(SMALL, f"http://127.0.0.1:{port}/a.tar.gz"))
    assert "\n" not in str(error.value)
    assert delays == [1, 2, 4, 8, 16]
    assert names(tmp_path) == {"downloads"}


@pytest.mark.parametrize("content", ["small"], indirect=True)
def test_a_verified_file_is_never_asked_for_again(server: Server, tmp_path: Path) -> None:
    source = source_of(server.content, server.url)
    fetch_source(tmp_path, source)
    manifest = fetch_source(tmp_path, source)
    assert_right_index(manifest, server.content)
    assert len(server.ranges) == 1


@pytest.mark.parametrize("content", ["small"], indirect=True)
def test_the_next_address_of_a_prebuilt_index_is_tried(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(server.content, server.url)
    server.behaviours = ["404", "whole"]
    monkeypatch.setattr(index_folder, "prebuilt_sources", lambda name: [source, source])
    assert_right_index(fetch(tmp_path, IndexSource(prebuilt="any")), server.content)


def test_a_local_index_is_copied(tmp_path: Path, content: bytes) -> None:
    """As a folder and as an archive; the folder, which is read-only, stays as it was and the copy is not."""
    (tmp_path / "archive").write_bytes(content)
    unpack(tmp_path / "archive", tmp_path / "folder")
    (tmp_path / "folder").chmod(0o555)
    before = names(tmp_path)
    for path in (tmp_path / "folder", tmp_path / "archive"):
        work = tmp_path / f"from {path.name}"
        (work / "downloads").mkdir(parents=True)
        (work / "downloads" / "unused").touch()
        assert_right_index(fetch(work, IndexSource(path=str(path))), content)
        assert (work / "index").stat().st_mode & 0o200
    (tmp_path / "folder").chmod(0o755)
    assert {name for name in names(tmp_path) if not name.startswith("from ")} == before


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"path": "{}/none"}, "found nothing, expected the folder or archive"),
        ({"path": "{}/text"}, "found b where the index should be, expected the files of one Lucene index"),
        ({"path": "{}/other.tar.gz"}, "found b where the index should be"),
        ({"path": "{}/other.tar.gz", "sha256": "0" * 64}, "found sha256 [0-9a-f]{64}, expected 0{64}"),
        ({"path": "{}/text/b"}, "cannot be unpacked"),
        ({"url": "http://127.0.0.1:1/a.tar.gz"}, "found no digest, expected sha256 or md5"),
        ({}, "expected a path, url or prebuilt, for example --prebuilt msmarco-v1-passage"),
    ],
)
def test_a_wrong_source_is_explained_and_the_old_index_stays(
    tmp_path: Path, source: dict[str, str], message: str
) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "b").write_text("b")
    (tmp_path / "other.tar.gz").write_bytes(archive_of({"b": b"b"}))
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "old").touch()
    before = names(tmp_path)
    there = {key: value.replace("{}", str(tmp_path)) for key, value in source.items()}
    with pytest.raises(DownloadError, match=message):
        fetch(tmp_path, IndexSource.of(there))
    assert names(tmp_path) == before


def test_a_built_index_has_its_manifest_and_replaces_the_old_one(tmp_path: Path, java: Java) -> None:
    manifest = tmp_path / "index" / "manifest.json"
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "old").touch()
    java(make_index, DOCUMENTS, manifest)
    assert set(json.loads(manifest.read_text())["files"]) == {
        path.name for path in verified_index(manifest).iterdir() if path != manifest
    }
    assert {path.name for path in tmp_path.iterdir()} == {"index"}
    assert not (tmp_path / "index" / "old").exists()


def test_the_command_ends_in_one_line_without_a_traceback(tmp_path: Path, command: Command) -> None:
    where = ("--cache", tmp_path / "downloads", "--manifest", tmp_path / "index/manifest.json")
    ended = command("fetch_index", "--url", (tmp_path / "none.tar.gz").as_uri(), "--md5", CACM_MD5, *where)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("error: file://")
    assert "Traceback" not in ended.stderr


def test_options_of_the_command_go_before_its_source(tmp_path: Path, command: Command) -> None:
    """A local archive without a digest is preferred to a URL; a digest given as an option counts."""
    (tmp_path / "archive").write_bytes(SMALL)
    where = ("--cache", tmp_path / "downloads", "--manifest", tmp_path / "index/manifest.json")
    source = json.dumps({"url": "http://127.0.0.1:1/a.tar.gz"})
    ended = command("fetch_index", "--source", source, "--local", tmp_path / "archive", *where)
    assert ended.returncode == 0, ended.stderr
    assert verified_index(tmp_path / "index/manifest.json") == tmp_path / "index"
    wrong = ("--source", json.dumps({"path": str(tmp_path / "archive")}), "--sha256", "0" * 64)
    ended = command("fetch_index", *wrong, *where)
    assert ended.returncode == 1
    assert "found sha256" in ended.stderr.splitlines()[-1]


def test_prebuilt_names_are_pyserinis(java: Callable[..., Any]) -> None:
    (cacm,) = java(prebuilt_sources, "cacm")
    assert cacm == Source(
        f"https://github.com/castorini/anserini-data/raw/master/CACM/{CACM}", CACM_BYTES, None, CACM_MD5
    )
    (msmarco,) = java(prebuilt_sources, "msmarco-v1-passage")
    assert msmarco.url.startswith("https://")
    assert (msmarco.size, msmarco.md5) == (2_170_758_745, "678876e8c99a89933d553609a0fd8793")
    with pytest.raises(DownloadError, match=r"expected one of its \d+ names, for example msmarco-v1-passage"):
        java(prebuilt_sources, "msmarco-v1-pasage")
