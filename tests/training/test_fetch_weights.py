"""The command `fetch_weights`: a local model's weights, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file


@pytest.fixture
def source(tiny_model: Any, tmp_path: Path) -> Path:
    tiny_model.save_pretrained(tmp_path / "source")
    return tmp_path / "source"


def test_weights_of_a_local_folder_are_written_whole(command: Any, source: Path, tmp_path: Path) -> None:
    done = command(
        "fetch_weights", "--source", json.dumps({"path": str(source)}), "--output", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    before, after = (load_file(folder / "model.safetensors") for folder in (source, tmp_path / "out"))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    names = {"config.json", "generation_config.json", "model.safetensors"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names


def test_a_weight_that_is_missing_is_an_error(command: Any, source: Path, tmp_path: Path) -> None:
    weights = load_file(source / "model.safetensors")
    del weights["encoder.block.0.layer.0.SelfAttention.q.weight"]
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})
    done = command(
        "fetch_weights", "--source", json.dumps({"path": str(source)}), "--output", tmp_path / "out"
    )
    assert done.returncode == 1
    assert "does not fit config.json: {'missing_keys': ['encoder.block.0" in done.stderr
    assert not (tmp_path / "out" / "model.safetensors").exists()
