"""Compressed checkpoints: what goes in comes out, smaller; what was altered is refused; counts by hand."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from dsi.docids.embeddings import DocidError
from dsi.docids.schemes import atomic_count
from dsi.efficiency.compressed_files import CompressionError, load_compressed, save_compressed, sizes
from dsi.efficiency.operations import theoretical_flops
from dsi.model.masks import Tensors, apply_masks
from dsi.pruning.thresholds import layerwise_masks

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
PREFIX = "encoder.block.0.layer.0.SelfAttention"


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def pruned(rate: float) -> Tensors:
    weights = {"a": normal(96, 64) * 0.1, "b": normal(33, 7, seed=1)}
    masks = layerwise_masks({name: weight.abs() for name, weight in weights.items()}, rate)
    return {**apply_masks(weights, masks), "norm": normal(5, seed=2)}


def same_bits(one: Tensors, other: Tensors) -> bool:
    return list(one) == list(other) and all(
        weight.dtype == other[name].dtype
        and weight.shape == other[name].shape
        and torch.equal(weight.reshape(-1).view(torch.uint8), other[name].reshape(-1).view(torch.uint8))
        for name, weight in one.items()
    )


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


def small_t5() -> tuple[dict[str, int], Tensors]:
    weights = {f"{PREFIX}.{name}.weight": torch.ones(4, 4) for name in "qkvo"}
    weights |= {f"decoder.block.0.layer.1.EncDecAttention.{name}.weight": torch.ones(4, 4) for name in "qkvo"}
    weights["shared.weight"] = torch.ones(10, 4)
    return {"num_layers": 1, "num_decoder_layers": 1, "num_heads": 2, "d_kv": 2}, weights


def test_operations_by_hand() -> None:
    """With 3 tokens and 5 documents.

    Encoder 4 matrices · 16 · 3 = 192 products, cross-attention k and v 2 · 16 · 3 = 96, q and o 32, the
    head 5 · 4 = 20: 340, twice is 680. Attention: 4 · width 4 · (3² + 1 + 3) = 208. Together 888.
    """
    config, weights = small_t5()
    assert theoretical_flops(config, weights, input_length=3, documents=5) == (888, 888, 1.0)
    halved = dict(weights)
    halved[f"{PREFIX}.q.weight"] = torch.ones(4, 4).triu(1)  # 6 of 16 stay: 10 · 3 · 2 = 60 fewer
    assert theoretical_flops(config, halved, 3, 5, weights) == (888, 828, pytest.approx(888 / 828))


def test_sizes_by_hand() -> None:
    dense = {"a": torch.ones(4, 4), "b": torch.ones(4)}
    assert sizes({"a": torch.eye(4), "b": torch.ones(4)}, dense) == (20, 8, 2.5)
    assert sizes({"a": torch.ones(2, 4), "b": torch.ones(4)}, dense) == (20, 12, pytest.approx(20 / 12))


def test_the_command_writes_file_and_sizes(tmp_path: Path) -> None:
    config, weights = small_t5()
    half = {name: weight.tril(-1) if "SelfAttention" in name else weight for name, weight in weights.items()}
    for folder, tensors in (("dense", weights), ("pruned", half)):
        (tmp_path / folder).mkdir()
        save_file(tensors, tmp_path / folder / "model.safetensors")
        (tmp_path / folder / "config.json").write_text(json.dumps(config))
        pd.DataFrame({"docid": list("abcde")}).to_parquet(tmp_path / folder / "docids.parquet")
        (tmp_path / folder / "retriever.json").write_text(json.dumps({"task": "docid", "scheme": "atomic"}))
    command = [
        sys.executable,
        str(SCRIPTS),
        "compress",
        tmp_path / "pruned",
        "--dense",
        tmp_path / "dense",
        "--zstd",
    ]
    command += ["--input-length", "3", "--output", tmp_path / "p.dsz", "--sizes", tmp_path / "p.json"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    report = json.loads((tmp_path / "p.json").read_text())
    assert same_bits(dict(sorted(load_compressed(tmp_path / "p.dsz").items())), dict(sorted(half.items())))
    assert (report["size"], report["size_nz"], report["parameters"]) == (168, 128, 168)
    assert report["compression_ratio"] == 168 / 128
    assert report["compressed_bytes"] == (tmp_path / "p.dsz").stat().st_size
    assert report["dense_bytes"] == (tmp_path / "dense/model.safetensors").stat().st_size
    assert (report["dense_flops"], report["nonzero_flops"]) == (888, 888 - 4 * 10 * 3 * 2)


def test_docids_of_several_tokens_are_refused(tmp_path: Path) -> None:
    """One decoder step is all that is counted: a longer identifier takes more."""
    (tmp_path / "retriever.json").write_text(json.dumps({"task": "docid", "scheme": "semantic"}))
    with pytest.raises(DocidError, match="found semantic docids, expected a checkpoint with atomic ones"):
        atomic_count(tmp_path)
    (tmp_path / "retriever.json").write_text(json.dumps({"task": "ranked-list", "k": 5}))
    with pytest.raises(DocidError, match="found ranked-list docids"):
        atomic_count(tmp_path)
