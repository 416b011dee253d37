"""Where ranked-list models come from: a local folder or the hub, safetensors only, clear errors."""

import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from dsi.docids.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from dsi.model.pretrained import ModelSourceError, source_folder
from dsi.model.t5 import build_t5

ROOT = Path(__file__).resolve().parents[2]
SHAPE = {
    "d_model": 8,
    "d_kv": 4,
    "d_ff": 16,
    "num_heads": 2,
    "num_layers": 1,
    "num_decoder_layers": 1,
    "dropout": 0.0,
    "feed_forward": "relu",
    "embedding_std": 0.05,
}


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small T5 as a folder of the hub: weights, configuration, tokenizer."""
    folder = tmp_path_factory.mktemp("hub") / "t5-tiny"
    torch.manual_seed(1)
    build_t5(SHAPE, 40, seed=1).save_pretrained(folder)
    save_tokenizer(train_tokenizer(["some words to learn pieces from, 0 1 2"] * 5, 24), folder)
    return folder


def fetch(
    what: str, source: dict[str, Any], output: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [
            sys.executable,
            "scripts",
            "fetch_model",
            what,
            *("--source", json.dumps(source), "--output", str(output)),
        ],
        cwd=ROOT,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        check=False,
    )


def test_a_local_folder_gives_weights_and_tokenizer(model_folder: Path, tmp_path: Path) -> None:
    for what in ("weights", "tokenizer"):
        done = fetch(what, {"path": str(model_folder)}, tmp_path)
        assert done.returncode == 0, done.stderr
    before, after = (load_file(folder / "model.safetensors") for folder in (model_folder, tmp_path))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    text = "some words 12"
    assert load_tokenizer(tmp_path).encode(text).ids == load_tokenizer(model_folder).encode(text).ids


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


def test_a_weight_that_is_missing_is_an_error(model_folder: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(model_folder, cut)
    from safetensors.torch import save_file

    weights = load_file(cut / "model.safetensors")
    del weights["encoder.block.0.layer.0.SelfAttention.q.weight"]
    save_file(weights, cut / "model.safetensors", metadata={"format": "pt"})
    done = fetch("weights", {"path": str(cut)}, tmp_path / "out")
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


def test_the_hub_gives_weights_and_tokenizer_once(hub: str, model_folder: Path, tmp_path: Path) -> None:
    environment = {"HF_ENDPOINT": hub, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
    for what in ("tokenizer", "weights"):
        done = fetch(what, {"hub": "test/t5-tiny"}, tmp_path / "out", **environment)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/tokenizer.json").is_file()
    before, after = (load_file(f / "model.safetensors") for f in (model_folder, tmp_path / "out"))
    assert all(torch.equal(before[name], after[name]) for name in before)
    # From the cache, with nobody to ask.
    again = fetch(
        "weights", {"hub": "test/t5-tiny"}, tmp_path / "again", **environment | {"HF_HUB_OFFLINE": "1"}
    )
    assert again.returncode == 0, again.stderr


def test_a_repository_that_is_not_there_is_named(hub: str, tmp_path: Path) -> None:
    done = fetch(
        "weights",
        {"hub": "test/t5-tinny"},
        tmp_path / "out",
        HF_ENDPOINT=hub,
        HF_HOME=str(tmp_path / "cache"),
    )
    assert done.returncode == 1
    assert "the hub has no repository 'test/t5-tinny'" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_hub_says_what_to_do(tmp_path: Path) -> None:
    done = fetch(
        "weights",
        {"hub": "google-t5/t5-small"},
        tmp_path / "out",
        HF_ENDPOINT="http://127.0.0.1:9",
        HF_HOME=str(tmp_path / "cache"),
    )
    assert done.returncode == 1
    assert (
        "models: 'google-t5/t5-small' is neither in the local cache nor to be had from the hub" in done.stderr
    )
    assert "--config 'models={t5-small: {path: models/t5-small}}'" in done.stderr
    assert "Traceback" not in done.stderr
