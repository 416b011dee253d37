"""What a checkpoint takes on disk and in arithmetic: counts by hand, and the command that writes them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dsi.docids.identifiers import DocidError
from dsi.docids.identifiers import atomic_count
from dsi.efficiency.compressed_files import load_compressed
from dsi.efficiency.sizes import Sizes, count_weights
from tests.efficiency.conftest import same_bits, save_small_t5, small_t5


def test_counts_by_hand() -> None:
    dense = {"a": torch.ones(4, 4), "b": torch.ones(4)}
    assert count_weights({"a": torch.eye(4), "b": torch.ones(4)}, dense) == (20, 8, 2.5)
    assert count_weights({"a": torch.ones(2, 4), "b": torch.ones(4)}, dense) == (
        20,
        12,
        pytest.approx(20 / 12),
    )


def test_docids_of_several_tokens_are_refused(tmp_path: Path) -> None:
    """One decoder step is all that is counted: a longer identifier takes more."""
    (tmp_path / "retriever.json").write_text(json.dumps({"task": "docid", "scheme": "semantic"}))
    with pytest.raises(DocidError, match="found semantic docids, expected a checkpoint with atomic ones"):
        atomic_count(tmp_path)
    (tmp_path / "retriever.json").write_text(json.dumps({"task": "ranked-list", "k": 5}))
    with pytest.raises(DocidError, match="found ranked-list docids"):
        atomic_count(tmp_path)


def test_the_command_writes_files_and_sizes(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    _, weights = small_t5()
    half = {name: weight.tril(-1) if "SelfAttention" in name else weight for name, weight in weights.items()}
    save_small_t5(weights, tmp_path / "dense")
    save_small_t5(half, tmp_path / "pruned")
    exact, small, sizes = (tmp_path / name for name in ("p.dsz", "p.small.dsz", "p.json"))
    options = ("--input-length", 3, "--output", exact, "--small", small, "--sizes", sizes)
    ended = command("compress", tmp_path / "pruned", "--dense", tmp_path / "dense", *options)
    assert ended.returncode == 0, ended.stderr
    report = Sizes(**json.loads(sizes.read_text()))
    for path in (exact, small):  # zeros and ones are the same in float16
        assert same_bits(dict(sorted(load_compressed(path).items())), dict(sorted(half.items())))
    assert (report.size, report.size_nz, report.parameters) == (168, 128, 168)
    assert report.compression_ratio == 168 / 128
    assert report.compressed_bytes == exact.stat().st_size
    assert report.small_bytes == small.stat().st_size
    assert report.dense_bytes == (tmp_path / "dense/model.safetensors").stat().st_size
    assert report.ratio == report.compressed_bytes / report.dense_bytes
    assert (report.dense_flops, report.nonzero_flops) == (888, 888 - 4 * 10 * 3 * 2)


def test_the_command_refuses_docids_of_several_tokens(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    save_small_t5(small_t5()[1], tmp_path / "dense")
    (tmp_path / "dense" / "retriever.json").write_text(json.dumps({"task": "docid", "scheme": "naive"}))
    options = ("--input-length", 3, "--output", tmp_path / "p.dsz", "--small", tmp_path / "s.dsz")
    ended = command(
        "compress",
        tmp_path / "dense",
        "--dense",
        tmp_path / "dense",
        *options,
        "--sizes",
        tmp_path / "p.json",
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "p.dsz").exists()
