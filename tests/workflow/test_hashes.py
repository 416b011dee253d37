"""Hashes of what is installed: one list for every pin but torch, of files that pip may take."""

import http.server
import json
import re
import threading
from collections.abc import Iterator

import hashes
import pytest

from tests.workflow.test_environment import ENVS, pins

FILES = [
    ("six-1.17.0-py2.py3-none-any.whl", "a"),
    ("six-1.17.0.tar.gz", "b"),
    ("six-1.16.0.tar.gz", "c"),  # another version
    ("six-1.17.0-cp311-cp311-manylinux_2_17_x86_64.whl", "d"),
    ("six-1.17.0-cp38-abi3-macosx_11_0_arm64.whl", "e"),
    ("six-1.17.0-cp313-cp313-manylinux_2_17_x86_64.whl", "f"),  # another Python
    ("six-1.17.0-cp311-cp311-win_amd64.whl", "0"),
    ("six-1.17.0-py3.11.egg", "1"),
]


def listed() -> list[dict[str, object]]:
    return [{"filename": name, "hashes": {"sha256": digit * 64}} for name, digit in FILES]


@pytest.fixture
def index() -> Iterator[str]:
    """An index with one package; of a name that it does not know it says 404."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/simple/six/" else 404)
            self.end_headers()
            assert self.headers["Accept"] == hashes.FORM
            self.wfile.write(json.dumps({"files": listed()}).encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def test_every_pin_but_torch_has_hashes() -> None:
    text = (ENVS / "hashes.txt").read_text(encoding="utf-8")
    entries = text.replace(" \\\n", "").splitlines()
    assert entries[0] == hashes.HEADER
    found = {}
    for line in entries[1:]:
        pin, *digests = line.split("    --hash=sha256:")
        assert digests
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
        name, version = pin.split("==")
        found[name] = version
    assert found == {name: version for name, version in pins().items() if name != "torch"}


def test_files_that_pip_may_take_are_listed(index: str) -> None:
    assert hashes.digests(listed(), "1.17.0") == [digit * 64 for digit in "abde"]
    withdrawn = [{**file, "yanked": "broken"} for file in listed()]
    assert hashes.digests(withdrawn, "1.17.0") == []
    lines = hashes.entry("six", "1.17.0", index).split(" \\\n    ")
    assert lines == ["six==1.17.0", *(f"--hash=sha256:{digit * 64}" for digit in "abde")]


def test_a_version_that_the_index_lacks_is_named(index: str) -> None:
    with pytest.raises(hashes.HashError, match=r"six: found no file of 9\.0 in http://127.*; expected one"):
        hashes.entry("six", "9.0", index)
