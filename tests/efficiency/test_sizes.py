"""What a checkpoint takes on disk and in arithmetic: counts by hand, and the command that writes them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

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


def test_the_command_writes_files_and_sizes(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    _, weights = small_t5()
    half = {name: weight.tril(-1) if "SelfAttention" in name else weight for name, weight in weights.items()}
    save_small_t5(weights, tmp_path / "dense")
    save_small_t5(half, tmp_path / "pruned")
    exact, *rounded = (tmp_path / f"p-0.5{word}.dsz" for word in ("", ".small", ".int8", ".int4"))
    sizes = tmp_path / "p.json"
    options = ("--input-length", 3, "--output", exact, "--sizes", sizes)
    ended = command("compress", tmp_path / "pruned", "--dense", tmp_path / "dense", *options)
    assert ended.returncode == 0, ended.stderr
    report = Sizes(**json.loads(sizes.read_text()))
    for path in (exact, rounded[0]):  # zeros and ones are the same in float16
        assert same_bits(dict(sorted(load_compressed(path).items())), dict(sorted(half.items())))
    for path, levels in zip(rounded[1:], (127, 7), strict=True):
        scale = np.nextafter(np.float16(1 / levels), np.float16(1))  # the next in float16 above 1 / levels
        for name, weight in load_compressed(path).items():
            assert torch.equal(weight, half[name] * levels * float(scale)), name
    assert (report.size, report.size_nz, report.parameters) == (168, 128, 168)
    assert report.compression_ratio == 168 / 128
    assert report.compressed_bytes == exact.stat().st_size
    sizes_of_rounded = [report.small_bytes, report.int8_bytes, report.int4_bytes]
    assert sizes_of_rounded == [path.stat().st_size for path in rounded]
    assert report.dense_bytes == (tmp_path / "dense/model.safetensors").stat().st_size
    assert report.ratio == report.compressed_bytes / report.dense_bytes
    assert (report.dense_flops, report.nonzero_flops) == (888, 888 - 4 * 10 * 3 * 2)


def test_the_command_refuses_docids_of_several_tokens(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    save_small_t5(small_t5()[1], tmp_path / "dense")
    (tmp_path / "dense" / "retriever.json").write_text(json.dumps({"task": "docid", "scheme": "naive"}))
    options = ("--input-length", 3, "--output", tmp_path / "p.dsz")
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
