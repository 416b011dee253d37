"""Downloads from a local server that misbehaves in every known way, and unsafe archives."""

import hashlib
import http.server
import io
import json
import os
import random
import re
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collection import fetch_index
from dsi.base.command import UserError
from dsi.bm25.lucene import verified_index
from dsi.collection.archives import UnsafeArchiveError, unpack
from dsi.collection.download import DownloadError, MismatchError, Source, cache_path, download

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
CACM = "lucene-index.cacm.20221005.252b5e.tar.gz"
CACM_SHA256 = "4fbb27dfc65b7838dcfdb9a6c9f007821ac4846a568571ea2a1ec8656872e3bf"
CACM_MD5 = "cfe14d543c6a27f4d742fb2d0099b8e0"
CACM_BYTES = 2_347_197
CACM_FILES = 18  # as `tar -t` lists them, without the folder and write.lock


class Server(http.server.ThreadingHTTPServer):
    """Serves one content; `behaviours` are used up one per request, the last one stays."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.behaviours = ["whole"]
        self.ranges: list[str | None] = []  # the Range header of each request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/some/index.tar.gz"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        behaviours = self.server.behaviours
        behaviour = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        self.server.ranges.append(self.headers["Range"])
        if behaviour.isdigit():
            self.send_error(int(behaviour))
            return
        content = self.server.content
        if behaviour == "flipped":
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        if behaviour == "truncated":
            content = content[: len(content) // 2]
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        start = int(asked[1]) if asked and "no ranges" not in behaviour else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            first = 0 if behaviour == "wrong range" else start
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        if "no length" not in behaviour:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        self.wfile.write(body[: len(body) // 2] if "cut" in behaviour else body)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


def archive_of(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    """A tar archive of files in one folder `index`."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(f"index/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


# Random bytes do not compress, so that half of the archive is several of the blocks that are read at once.
SMALL_FILES = {"segments_1": b"segments", "_0.fdt": random.Random(1).randbytes(400_000), "write.lock": b""}
SMALL = archive_of(SMALL_FILES)


@pytest.fixture(params=["small", "cacm"])
def content(request: pytest.FixtureRequest) -> bytes:
    """The archive that is served: a made one, and CACM's index where it is at hand."""
    return SMALL if request.param == "small" else cacm_archive().read_bytes()


def cacm_archive() -> Path:
    folder = os.environ.get("DSI_TEST_DATA")
    if not folder:
        pytest.skip("DSI_TEST_DATA is not set; expected a folder that holds cacm/" + CACM)
    path = Path(folder) / "cacm" / CACM
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    return path


@pytest.fixture
def server(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the download would have waited, without the waiting."""
    slept: list[float] = []
    monkeypatch.setattr("dsi.collection.download.time.sleep", slept.append)
    return slept


def source_of(content: bytes, url: str) -> Source:
    return Source(url, len(content), hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest())


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def fetch(monkeypatch: pytest.MonkeyPatch, folder: Path, *options: str) -> Path:
    """Run the command in this process; returns the index's manifest."""
    manifest = folder / "index" / "manifest.json"
    where = ["--cache", str(folder / "downloads"), "--manifest", str(manifest)]
    monkeypatch.setattr(sys, "argv", ["fetch_index.py", *options, *where])
    fetch_index.main()
    return manifest


def fetch_source(monkeypatch: pytest.MonkeyPatch, folder: Path, source: Source) -> Path:
    return fetch(monkeypatch, folder, "--source", json.dumps(source._asdict()))


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


def test_the_stored_cacm_archive_is_the_published_one() -> None:
    content = cacm_archive().read_bytes()
    assert source_of(content, "") == Source("", CACM_BYTES, CACM_SHA256, CACM_MD5)


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
    monkeypatch: pytest.MonkeyPatch,
    behaviours: list[str],
    requests: list[int],
    waits: list[float],
) -> None:
    """`requests` says of each request whether it asks for a range, `waits` the seconds between them."""
    server.behaviours = list(behaviours)
    manifest = fetch_source(monkeypatch, tmp_path, source_of(server.content, server.url))
    assert_right_index(manifest, server.content)
    assert [asked is not None for asked in server.ranges] == [bool(asks) for asks in requests]
    assert delays == waits


def test_a_resumed_download_asks_for_the_second_half_only(server: Server, tmp_path: Path) -> None:
    server.behaviours = ["cut", "whole"]
    download(source_of(server.content, server.url), tmp_path / "archive")
    assert server.ranges == [None, f"bytes={len(server.content) // 2}-"]


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
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
    requests: int,
    message: str,
) -> None:
    server.behaviours = [behaviour]
    source = source_of(server.content, server.url)
    with pytest.raises(UserError, match=message) as error:
        fetch_source(monkeypatch, tmp_path, source)
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
    with pytest.raises(UserError, match=r"no answer \(.*refused.*\); gave up after 6 attempts") as error:
        fetch_source(monkeypatch, tmp_path, source_of(SMALL, f"http://127.0.0.1:{port}/a.tar.gz"))
    assert "\n" not in str(error.value)
    assert delays == [1, 2, 4, 8, 16]
    assert names(tmp_path) == {"downloads"}


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DownloadError, match=r"timed out.*gave up after 2 attempts"):
            download(source_of(SMALL, url), tmp_path / "a", retries=1, timeout=0.1)


def test_the_command_ends_in_one_line_without_a_traceback(tmp_path: Path) -> None:
    where = ["--cache", str(tmp_path / "downloads"), "--manifest", str(tmp_path / "index/manifest.json")]
    options = ["--url", (tmp_path / "none.tar.gz").as_uri(), "--md5", CACM_MD5, *where]
    ended = subprocess.run(
        [sys.executable, str(SCRIPTS), "fetch_index", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("error: file://")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("content", ["small"], indirect=True)
class TestDownload:
    """What does not depend on the archive that is served."""

    def test_a_verified_file_is_never_asked_for_again(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = source_of(server.content, server.url)
        fetch_source(monkeypatch, tmp_path, source)
        manifest = fetch_source(monkeypatch, tmp_path, source)
        assert_right_index(manifest, server.content)
        assert len(server.ranges) == 1

    def test_a_damaged_target_is_fetched_again(self, server: Server, tmp_path: Path) -> None:
        target = tmp_path / "archive"
        target.write_bytes(server.content[:-1] + b"?")
        download(source_of(server.content, server.url), target)
        assert target.read_bytes() == server.content

    def test_a_damaged_target_does_not_outlive_a_failure(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "archive").write_bytes(b"?")
        server.behaviours = ["404"]
        with pytest.raises(DownloadError, match="404"):
            download(source_of(server.content, server.url), tmp_path / "archive")
        assert names(tmp_path) == set()

    def test_a_later_call_continues(self, server: Server, tmp_path: Path) -> None:
        source = source_of(server.content, server.url)
        server.behaviours = ["cut"]
        with pytest.raises(DownloadError, match=r"continues after the \d+ bytes in .*archive\.part"):
            download(source, tmp_path / "archive", retries=0)
        server.behaviours = ["whole"]
        download(source, tmp_path / "archive", retries=0)
        assert server.ranges == [None, f"bytes={len(server.content) // 2}-"]
        assert names(tmp_path) == {"archive"}

    def test_a_whole_part_is_verified_without_a_request(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "archive.part").write_bytes(server.content)
        download(source_of(server.content, server.url), tmp_path / "archive")
        assert server.ranges == []
        assert names(tmp_path) == {"archive"}

    @pytest.mark.parametrize("length", [100, len(SMALL), len(SMALL) + 1], ids=["less", "as much", "more"])
    def test_the_part_of_another_file_is_dropped(self, server: Server, tmp_path: Path, length: int) -> None:
        (tmp_path / "archive.part").write_bytes(b"?" * length)
        download(source_of(server.content, server.url), tmp_path / "archive")
        assert (tmp_path / "archive").read_bytes() == server.content
        assert server.ranges[-1] is None

    def test_the_size_is_optional_and_md5_is_enough(self, server: Server, tmp_path: Path) -> None:
        source = source_of(server.content, server.url)._replace(size=None, sha256=None)
        server.behaviours = ["cut", "whole"]
        download(source, tmp_path / "archive")
        assert (tmp_path / "archive").read_bytes() == server.content

    @pytest.mark.parametrize("field", ["sha256", "md5"])
    def test_every_stated_digest_must_fit(self, server: Server, tmp_path: Path, field: str) -> None:
        wrong = "0" * (64 if field == "sha256" else 32)
        source = source_of(server.content, server.url)._replace(**{field: wrong})
        with pytest.raises(MismatchError, match=f"found {field} [0-9a-f]+, expected {wrong}"):
            download(source, tmp_path / "archive")
        assert names(tmp_path) == set()

    def test_without_a_digest_nothing_is_asked_for(self, server: Server, tmp_path: Path) -> None:
        with pytest.raises(DownloadError, match="found no digest, expected sha256 or md5"):
            download(Source(server.url, len(SMALL), None, None), tmp_path / "archive")
        assert server.ranges == []

    def test_the_next_address_of_a_prebuilt_index_is_tried(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = source_of(server.content, server.url)
        server.behaviours = ["404", "whole"]
        monkeypatch.setattr(fetch_index, "prebuilt_sources", lambda name: [source, source])
        assert_right_index(fetch(monkeypatch, tmp_path, "--prebuilt", "any"), server.content)


def test_local_files_and_file_urls(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "from" / "archive.tar.gz"
    path.parent.mkdir()
    path.write_bytes(content)
    for number, url in enumerate((str(path), path.as_uri())):
        target = download(source_of(content, url), tmp_path / "to" / str(number))
        assert target.read_bytes() == content
    with pytest.raises(MismatchError, match="found sha256"):
        download(source_of(content, str(path))._replace(sha256="0" * 64), tmp_path / "to" / "2")
    with pytest.raises(DownloadError, match="found no such file"):
        download(source_of(content, f"{path}.no"), tmp_path / "to" / "2")
    with pytest.raises(DownloadError, match="expected a path or a URL of http"):
        download(source_of(content, "ftp://127.0.0.1/a"), tmp_path / "to" / "2")
    assert names(tmp_path / "to") == {"0", "1"}


def test_same_names_with_other_digests_lie_apart(tmp_path: Path) -> None:
    one, other = (
        Source("https://a.org/x/qrels.txt", None, "aa" * 32, None),
        source_of(b"", "https://a.org/.."),
    )
    assert cache_path(one, tmp_path) == tmp_path / "aaaaaaaaaaaa-qrels.txt"
    assert cache_path(other, tmp_path).parent == tmp_path


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


def link(kind: bytes, target: str) -> Callable[[str], tarfile.TarInfo]:
    def member(name: str) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        return info

    return member


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


def test_a_local_index_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """As a folder and as an archive; the folder, which is read-only, stays as it was and the copy is not."""
    (tmp_path / "archive").write_bytes(content)
    unpack(tmp_path / "archive", tmp_path / "folder")
    (tmp_path / "folder").chmod(0o555)
    before = names(tmp_path)
    for path in (tmp_path / "folder", tmp_path / "archive"):
        work = tmp_path / f"from {path.name}"
        (work / "downloads").mkdir(parents=True)
        (work / "downloads" / "unused").touch()
        assert_right_index(fetch(monkeypatch, work, "--local", str(path)), content)
        assert (work / "index").stat().st_mode & 0o200
    (tmp_path / "folder").chmod(0o755)
    assert {name for name in names(tmp_path) if not name.startswith("from ")} == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--local", "{}/none"], "found nothing, expected the folder or archive"),
        (["--local", "{}/text"], "found b where the index should be, expected the files of one Lucene index"),
        (["--local", "{}/other.tar.gz"], "found b where the index should be"),
        (["--local", "{}/other.tar.gz", "--sha256", "0" * 64], "found sha256 [0-9a-f]{64}, expected 0{64}"),
        (["--local", "{}/text/b"], "cannot be unpacked"),
        (["--url", "http://127.0.0.1:1/a.tar.gz"], "found no digest, expected sha256 or md5"),
        ([], "expected a path, url or prebuilt, for example --prebuilt msmarco-v1-passage"),
    ],
)
def test_a_wrong_source_is_explained_and_the_old_index_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "b").write_text("b")
    (tmp_path / "other.tar.gz").write_bytes(archive_of({"b": b"b"}))
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "old").touch()
    before = names(tmp_path)
    with pytest.raises(UserError, match=message):
        fetch(monkeypatch, tmp_path, *(option.replace("{}", str(tmp_path)) for option in options))
    assert names(tmp_path) == before


def test_prebuilt_names_are_pyserinis(java: Callable[..., Any]) -> None:
    (cacm,) = java(fetch_index.prebuilt_sources, "cacm")
    assert cacm == Source(
        f"https://github.com/castorini/anserini-data/raw/master/CACM/{CACM}", CACM_BYTES, None, CACM_MD5
    )
    (msmarco,) = java(fetch_index.prebuilt_sources, "msmarco-v1-passage")
    assert msmarco.url.startswith("https://")
    assert (msmarco.size, msmarco.md5) == (2_170_758_745, "678876e8c99a89933d553609a0fd8793")
    with pytest.raises(UserError, match=r"expected one of its \d+ names, for example msmarco-v1-passage"):
        java(fetch_index.prebuilt_sources, "msmarco-v1-pasage")
