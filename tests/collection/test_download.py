"""Downloads: what the server does not give again is kept, and nothing is used unverified."""

import socket
from pathlib import Path

import pytest

from dsi.collection.download import cache_path, download
from dsi.collection.range_requests import Patience
from dsi.collection.verification import DownloadError, MismatchError, Source
from tests.collection.conftest import (
    CACM_BYTES,
    CACM_MD5,
    CACM_SHA256,
    SMALL,
    Server,
    cacm_archive,
    names,
    source_of,
)

pytestmark = pytest.mark.usefixtures("delays")


def test_the_stored_cacm_archive_is_the_published_one() -> None:
    content = cacm_archive().read_bytes()
    assert source_of(content, "") == Source("", CACM_BYTES, CACM_SHA256, CACM_MD5)


def test_a_resumed_download_asks_for_the_second_half_only(server: Server, tmp_path: Path) -> None:
    server.behaviours = ["cut", "whole"]
    download(source_of(server.content, server.url), tmp_path / "archive")
    assert server.ranges == [None, f"bytes={len(server.content) // 2}-"]


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DownloadError, match=r"timed out.*gave up after 2 attempts"):
            download(source_of(SMALL, url), tmp_path / "a", Patience(retries=1, timeout=0.1))


@pytest.mark.parametrize("content", ["small"], indirect=True)
def test_a_damaged_target_is_fetched_again(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "archive"
    target.write_bytes(server.content[:-1] + b"?")
    download(source_of(server.content, server.url), target)
    assert target.read_bytes() == server.content


@pytest.mark.parametrize("content", ["small"], indirect=True)
def test_a_damaged_target_does_not_outlive_a_failure(server: Server, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"?")
    server.behaviours = ["404"]
    with pytest.raises(DownloadError, match="404"):
        download(source_of(server.content, server.url), tmp_path / "archive")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("content", ["small"], indirect=True)
def test_a_later_call_continues(server: Server, tmp_path: Path) -> None:
    source = source_of(server.content, server.url)
    server.behaviours = ["cut"]
    with pytest.raises(DownloadError, match=r"continues after the \d+ bytes in .*archive\.part"):
        download(source, tmp_path / "archive", Patience(retries=0))
    server.behaviours = ["whole"]
    download(source, tmp_path / "archive", Patience(retries=0))
    assert server.ranges == [None, f"bytes={len(server.content) // 2}-"]
    assert names(tmp_path) == {"archive"}


@pytest.mark.parametrize("content", ["small"], indirect=True)
def test_a_whole_part_is_verified_without_a_request(server: Server, tmp_path: Path) -> None:
    (tmp_path / "archive.part").write_bytes(server.content)
    download(source_of(server.content, server.url), tmp_path / "archive")
    assert server.ranges == []
    assert names(tmp_path) == {"archive"}


@pytest.mark.parametrize("content", ["small"], indirect=True)
@pytest.mark.parametrize("length", [100, len(SMALL), len(SMALL) + 1], ids=["less", "as much", "more"])
def test_the_part_of_another_file_is_dropped(server: Server, tmp_path: Path, length: int) -> None:
    (tmp_path / "archive.part").write_bytes(b"?" * length)
    download(source_of(server.content, server.url), tmp_path / "archive")
    assert (tmp_path / "archive").read_bytes() == server.content
    assert server.ranges[-1] is None


@pytest.mark.parametrize("content", ["small"], indirect=True)
def test_the_size_is_optional_and_md5_is_enough(server: Server, tmp_path: Path) -> None:
    source = source_of(server.content, server.url)._replace(size=None, sha256=None)
    server.behaviours = ["cut", "whole"]
    download(source, tmp_path / "archive")
    assert (tmp_path / "archive").read_bytes() == server.content


@pytest.mark.parametrize("content", ["small"], indirect=True)
@pytest.mark.parametrize("field", ["sha256", "md5"])
def test_every_stated_digest_must_fit(server: Server, tmp_path: Path, field: str) -> None:
    wrong = "0" * (64 if field == "sha256" else 32)
    source = source_of(server.content, server.url)._replace(**{field: wrong})
    with pytest.raises(MismatchError, match=f"found {field} [0-9a-f]+, expected {wrong}"):
        download(source, tmp_path / "archive")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("content", ["small"], indirect=True)
def test_without_a_digest_nothing_is_asked_for(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="found no digest, expected sha256 or md5"):
        download(Source(server.url, len(SMALL), None, None), tmp_path / "archive")
    assert server.ranges == []


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


@pytest.mark.parametrize(
    "url", ["http://example.org/a", "http://127.0.0.1.example.org/a", "ftp://localhost/a"]
)
def test_what_others_could_change_on_the_way_is_refused_before_it_is_asked_for(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match=r"expected (https, for example|a path or a URL of)"):
        download(source_of(SMALL, url), tmp_path / "a")


@pytest.mark.parametrize("to", ["http://example.org/a", "ftp://127.0.0.1/a", "file:///etc/passwd"])
def test_a_server_cannot_lead_there_either(to: str, server: Server, tmp_path: Path) -> None:
    server.behaviours = [f"to {to}"]
    with pytest.raises(DownloadError, match=r"found (http|ftp), expected https|302 .*is not allowed"):
        download(source_of(SMALL, server.url), tmp_path / "a")


def test_a_server_on_this_machine_may_lead_to_itself(server: Server, tmp_path: Path) -> None:
    server.behaviours = [f"to {server.url}", "whole"]
    assert download(source_of(server.content, server.url), tmp_path / "a").read_bytes() == server.content
