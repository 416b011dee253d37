"""Compressed checkpoints: what goes in comes out, smaller; what was altered is refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dsi.efficiency import compressed_files
from dsi.efficiency.compressed_files import CompressionError, load_compressed, save_compressed, save_verified
from dsi.model.masks import Tensors, apply_masks
from dsi.pruning.thresholds import layerwise_masks
from tests.efficiency.conftest import normal, same_bits


def pruned(rate: float) -> Tensors:
    weights = {"a": normal(96, 64) * 0.1, "b": normal(33, 7, seed=1)}
    masks = layerwise_masks({name: weight.abs() for name, weight in weights.items()}, rate)
    return {**apply_masks(weights, masks), "norm": normal(5, seed=2)}


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("zstd", [False, True])
def test_weights_load_back_bit_for_bit(rate: float, zstd: bool, tmp_path: Path) -> None:
    weights = pruned(rate)
    save_compressed(weights, tmp_path / "model.dsz", zstd=zstd)
    assert same_bits(load_compressed(tmp_path / "model.dsz"), weights)


def test_odd_values_and_shapes_load_back(tmp_path: Path) -> None:
    """Negative zero is not zero, and neither a scalar nor an empty tensor is a matrix."""
    weights = {
        "signs": torch.tensor([0.0, -0.0, 1e-45, float("nan"), float("inf")] + [0.0] * 40),
        "bfloat16": normal(3, 5).bfloat16(),
        "numbers": torch.arange(4),
        "masks": torch.tensor([True, False, True]),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "zeros": torch.zeros(9, 9),
        "transposed": normal(4, 6).T,
    }
    for zstd in (False, True):
        save_compressed(weights, tmp_path / "model.dsz", zstd=zstd)
        assert same_bits(load_compressed(tmp_path / "model.dsz"), weights)


def test_bytes_by_hand(tmp_path: Path) -> None:
    """16 weights, 4 of them kept: 2 bytes of bitmask and 16 of values instead of 64; as float16 2 + 8."""
    weight = torch.zeros(4, 4)
    weight.fill_diagonal_(1.5)
    save_compressed({}, tmp_path / "nothing.dsz")
    lengths = {}
    for name, options in {"fp32": {}, "fp16": {"fp16": True}}.items():
        save_compressed({"w": weight}, tmp_path / "model.dsz", **options)
        data = (tmp_path / "model.dsz").read_bytes()
        header = int.from_bytes(data[40:48], "little")
        lengths[name] = len(data) - 48 - header
    assert lengths == {"fp32": 18, "fp16": 10}
    save_compressed({"w": torch.ones(4, 4)}, tmp_path / "dense.dsz")
    assert b'"encoding": "dense", "bytes": 64' in (tmp_path / "dense.dsz").read_bytes()


def test_four_fifths_pruned_are_under_three_tenths_of_the_file(tmp_path: Path) -> None:
    """Per weight 1 bit and 0.2 · 32 bits of 32: 0.23."""
    dense = {"w": normal(512, 512)}
    masks = layerwise_masks({"w": dense["w"].abs()}, 0.8)
    save_compressed(apply_masks(dense, masks), tmp_path / "model.dsz")
    assert (tmp_path / "model.dsz").stat().st_size / (512 * 512 * 4) == pytest.approx(0.231, abs=0.001)


def test_float16_rounds_and_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    weights = pruned(0.5)
    save_compressed(weights, tmp_path / "model.dsz", fp16=True)
    rounded = {name: weight.half().float() for name, weight in weights.items()}
    assert same_bits(load_compressed(tmp_path / "model.dsz"), rounded)
    with pytest.raises(CompressionError, match=r"w: found a weight of 7e\+04, expected at most 65504"):
        save_compressed({"w": torch.tensor([70_000.0])}, tmp_path / "model.dsz", fp16=True)
    assert same_bits(load_compressed(tmp_path / "model.dsz"), rounded)


@pytest.mark.parametrize("zstd", [False, True])
def test_any_altered_byte_is_noticed(zstd: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.dsz"
    save_compressed({"w": torch.eye(8)}, path, zstd=zstd)
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(CompressionError, match=r"model\.dsz: found"):
            load_compressed(path)


def test_a_cut_or_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.dsz"
    save_compressed(pruned(0.5), path)
    data = path.read_bytes()
    for length in (0, 7, 8, 39, 47, 100, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(CompressionError):
            load_compressed(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(CompressionError, match="cut short or altered"):
        load_compressed(path)
    save_file({"w": torch.ones(2)}, path)
    with pytest.raises(CompressionError, match=r"expected a compressed checkpoint"):
        load_compressed(path)


def test_a_file_is_read_back_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = pruned(0.5)
    for fp16 in (False, True):
        save_verified(weights, tmp_path / "model.dsz", fp16=fp16, zstd=fp16)
    other = {**weights, "norm": weights["norm"] + 1}
    monkeypatch.setattr(compressed_files, "load_compressed", lambda path: other)
    with pytest.raises(CompressionError, match="norm: read back other values than were written"):
        save_verified(weights, tmp_path / "model.dsz")
