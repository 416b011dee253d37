"""Compressed checkpoints: what goes in comes out, smaller; what was altered is refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dsi.efficiency import compressed_files
from dsi.efficiency.compressed_files import CompressionError, load_compressed, save_compressed, save_verified
from dsi.efficiency.quantisation import Bits, rounded
from dsi.model.masks import Tensors, apply_masks
from dsi.pruning.thresholds import layerwise_masks
from tests.efficiency.conftest import normal, same_bits

PRECISIONS: tuple[Bits, ...] = (32, 16, 8, 4)


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
    for name, bits in {"fp32": 32, "fp16": 16}.items():
        save_compressed({"w": weight}, tmp_path / "model.dsz", bits=bits)
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
    save_compressed(weights, tmp_path / "model.dsz", bits=16)
    rounded = {name: weight.half().float() for name, weight in weights.items()}
    assert same_bits(load_compressed(tmp_path / "model.dsz"), rounded)
    with pytest.raises(CompressionError, match=r"w: found a weight of 7e\+04, expected at most 65504"):
        save_compressed({"w": torch.tensor([70_000.0])}, tmp_path / "model.dsz", bits=16)
    assert same_bits(load_compressed(tmp_path / "model.dsz"), rounded)


@pytest.mark.parametrize("rate", [0.0, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("zstd", [False, True])
def test_whole_numbers_load_back_as_the_rounded_weights(
    rate: float, bits: Bits, zstd: bool, tmp_path: Path
) -> None:
    """Of matrices with an odd number of weights, too; what was pruned stays 0, and by bits."""
    weights = {**pruned(rate), "odd": normal(3, 5, seed=3), "row": normal(1, 1), "none": torch.zeros(0, 3)}
    save_compressed(weights, tmp_path / "model.dsz", bits=bits, zstd=zstd)
    loaded = load_compressed(tmp_path / "model.dsz")
    assert same_bits(loaded, {name: rounded(weight, bits) for name, weight in weights.items()})
    assert all((loaded[name].view(torch.int32)[weight == 0] == 0).all() for name, weight in weights.items())


def test_odd_values_in_whole_numbers(tmp_path: Path) -> None:
    """Rows of zeros, -0.0, the smallest float32, other types: what comes back is what rounding gives."""
    weights = {
        "zeros": torch.zeros(4, 9),
        "signs": torch.tensor([[-0.0, 1.0, -1.0], [-0.0, 0.0, 0.0], [1e-45, -1e-38, 0.0]]),
        "small": torch.tensor([[1e-7, -1e-6, 5e-6]]),
        "bfloat16": normal(3, 5).bfloat16(),
        "vector": torch.tensor([-0.0, 0.1]),
    }
    for bits in (8, 4):
        save_verified(weights, tmp_path / "model.dsz", bits=bits, zstd=True)
        loaded = load_compressed(tmp_path / "model.dsz")
        assert (loaded["zeros"].view(torch.int32) == 0).all()
        assert loaded["signs"][0].tolist()[0] == 0
        assert not loaded["signs"][:, 0].signbit().any(), "whole numbers have no -0.0"
        assert torch.equal(loaded["bfloat16"], weights["bfloat16"])
        assert torch.equal(loaded["vector"], weights["vector"].half().float())


def test_bytes_in_whole_numbers_by_hand(tmp_path: Path) -> None:
    """4 rows of 4, of which the diagonal is kept: 8 bytes of scales, 2 of bitmask, and 4 or 2 of values.

    All kept: 8 of scales, and 16 or 8 of values.
    """
    lengths = {}
    for name, weight in {"diagonal": torch.eye(4), "all": torch.ones(4, 4)}.items():
        for bits in (8, 4):
            save_compressed({"w": weight}, tmp_path / "model.dsz", bits=bits)
            data = (tmp_path / "model.dsz").read_bytes()
            lengths[name, bits] = len(data) - 48 - int.from_bytes(data[40:48], "little")
    assert lengths == {("diagonal", 8): 14, ("diagonal", 4): 12, ("all", 8): 24, ("all", 4): 16}


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e7])
def test_what_no_scale_reaches_is_refused(weight: float, tmp_path: Path) -> None:
    message = r"w: found a weight of \S+, expected at most 8319008 in 8 bits; keep this tensor"
    with pytest.raises(CompressionError, match=message):
        save_compressed({"w": torch.tensor([[weight, 1.0]])}, tmp_path / "model.dsz", bits=8)
    assert not (tmp_path / "model.dsz").exists()


@pytest.mark.parametrize("zstd", [False, True])
@pytest.mark.parametrize("bits", [32, 4])
def test_any_altered_byte_is_noticed(bits: Bits, zstd: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.dsz"
    save_compressed({"w": torch.eye(8)}, path, bits=bits, zstd=zstd)
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
    for bits in PRECISIONS:
        save_verified(weights, tmp_path / "model.dsz", bits=bits, zstd=bits < 32)
    other = {**weights, "norm": weights["norm"] + 1}
    monkeypatch.setattr(compressed_files, "load_compressed", lambda path: other)
    with pytest.raises(CompressionError, match="norm: read back other values than were written"):
        save_verified(weights, tmp_path / "model.dsz")
