"""Shared by the tests of collections: files, archives, and a server that misbehaves in every known way."""

import hashlib
import http.server
import io
import os
import random
import re
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dsi.collection.verification import Source

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
        if behaviour.startswith("to "):
            self.send_response(302)
            self.send_header("Location", behaviour.removeprefix("to "))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
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


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the download would have waited, without the waiting."""
    slept: list[float] = []
    monkeypatch.setattr("dsi.collection.range_requests.time.sleep", slept.append)
    return slept


def source_of(content: bytes, url: str) -> Source:
    return Source(url, len(content), hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest())


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def link(kind: bytes, target: str) -> Callable[[str], tarfile.TarInfo]:
    def member(name: str) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        return info

    return member


def write(folder: Path, text: str | bytes, name: str) -> Path:
    """A file of a text or of bytes."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
