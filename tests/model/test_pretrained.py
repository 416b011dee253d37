"""Where pre-trained models come from: a local folder or the hub, safetensors only, clear errors."""

import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from dsi.docids.tokenizer import FILES, copy_tokenizer, load_tokenizer
from dsi.model.pretrained import ModelSourceError, save_tokenizer_of, source_folder
from dsi.model.t5 import build_t5
from tests.conftest import PIECES, SHAPE

Command = Callable[..., CompletedProcess[str]]
WEIGHTS, TOKENIZER = "fetch_weights", "fetch_tokenizer"


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory, tokenizer_folder: Path) -> Path:
    """A small T5 as a folder of the hub: weights, configuration, tokenizer."""
    folder = tmp_path_factory.mktemp("hub") / "t5-tiny"
    build_t5(SHAPE, PIECES, seed=1).save_pretrained(folder)
    copy_tokenizer(tokenizer_folder, folder)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache of the hub's files, and nobody who answers in the hub's place."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


def fetch(command: Command, name: str, source: dict[str, Any], output: Path) -> CompletedProcess[str]:
    return command(name, "--source", json.dumps(source), "--output", output)


def same_weights(one: Path, other: Path) -> bool:
    before, after = (load_file(folder / "model.safetensors") for folder in (one, other))
    return before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


def test_a_local_folder_gives_weights_and_tokenizer(
    command: Command, model_folder: Path, tmp_path: Path
) -> None:
    for name in (WEIGHTS, TOKENIZER):
        done = fetch(command, name, {"path": str(model_folder)}, tmp_path)
        assert done.returncode == 0, done.stderr
    assert same_weights(model_folder, tmp_path)
    text = "some words 12"
    assert load_tokenizer(tmp_path).encode(text).ids == load_tokenizer(model_folder).encode(text).ids


def test_a_tokenizer_is_two_files_and_cuts_nothing(model_folder: Path, tmp_path: Path) -> None:
    save_tokenizer_of(model_folder, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    assert len(load_tokenizer(tmp_path).encode("graph " * 600).ids) > 600


def test_a_pickle_is_not_read(model_folder: Path, tmp_path: Path) -> None:
    shutil.copy(model_folder / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(ModelSourceError, match=r"no model.safetensors; found pytorch_model.bin \(a pickle"):
        source_folder({"path": str(tmp_path)}, weights=True)


def test_a_folder_without_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ModelSourceError, match=r"found no tokenizer, expected tokenizer.json or spiece.model"
    ):
        source_folder({"path": str(tmp_path)}, weights=False)


def test_a_weight_that_is_missing_is_an_error(command: Command, model_folder: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(model_folder, cut)
    weights = load_file(cut / "model.safetensors")
    del weights["encoder.block.0.layer.0.SelfAttention.q.weight"]
    save_file(weights, cut / "model.safetensors", metadata={"format": "pt"})
    done = fetch(command, WEIGHTS, {"path": str(cut)}, tmp_path / "out")
    assert done.returncode == 1
    assert "does not fit config.json: {'missing_keys': ['encoder.block.0" in done.stderr
    assert not (tmp_path / "out" / "model.safetensors").exists()


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of a model hub as a snapshot asks for: one repository, its listing and its files."""

    folder: Path
    commit = "0123456789abcdef0123456789abcdef01234567"

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        if not self.path.split("?")[0].startswith(("/api/models/test/t5-tiny", "/test/t5-tiny/resolve/")):
            self.send_response(401)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()
            return
        if self.path.startswith("/api/"):
            names = sorted(path.name for path in self.folder.iterdir())
            listing = {
                "sha": self.commit,
                "id": "test/t5-tiny",
                "siblings": [{"rfilename": n} for n in names],
            }
            if "/tree/" in self.path:
                sizes = {path.name: path.stat().st_size for path in self.folder.iterdir()}
                listing = [{"type": "file", "path": n, "size": sizes[n], "oid": "0" * 40} for n in names]  # type: ignore[assignment]
            data, headers = json.dumps(listing).encode(), {"Content-Type": "application/json"}
        else:
            path = self.folder / self.path.rpartition("/")[2]
            data = path.read_bytes()
            headers = {"ETag": f'"{path.name}"', "X-Repo-Commit": self.commit}
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)


@pytest.fixture
def hub(model_folder: Path) -> Iterator[str]:
    handler = type("TinyHub", (Hub,), {"folder": model_folder})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_hub_gives_weights_and_tokenizer_once(
    command: Command,
    cache: None,
    hub: str,
    model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub)
    for name in (TOKENIZER, WEIGHTS):
        done = fetch(command, name, {"hub": "test/t5-tiny"}, tmp_path / "out")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/tokenizer.json").is_file()
    assert same_weights(model_folder, tmp_path / "out")
    # From the cache, with nobody to ask.
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    again = fetch(command, WEIGHTS, {"hub": "test/t5-tiny"}, tmp_path / "again")
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER])
def test_a_repository_that_is_not_there_is_named(
    command: Command, cache: None, hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub)
    done = fetch(command, name, {"hub": "test/t5-tinny"}, tmp_path / "out")
    assert done.returncode == 1
    assert "the hub has no repository 'test/t5-tinny'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER])
def test_no_hub_says_what_to_do(command: Command, cache: None, tmp_path: Path, name: str) -> None:
    done = fetch(command, name, {"hub": "google-t5/t5-small"}, tmp_path / "out")
    assert done.returncode == 1
    assert (
        "models: 'google-t5/t5-small' is neither in the local cache nor to be had from the hub" in done.stderr
    )
    assert "--config 'models={t5-small: {path: models/t5-small}}'" in done.stderr
    assert "Traceback" not in done.stderr
