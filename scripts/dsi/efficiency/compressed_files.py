"""Compressed checkpoints: what a pruned model takes on disk.

A `.dsz` file holds each tensor as it is, or as a bitmask and the values under it, whichever is smaller:

    8 bytes  magic, 32 bytes SHA-256 of all that follows, 8 bytes length of the header (little-endian),
    the header (JSON: names, shapes, dtypes, encodings), the payload.

In 8 and 4 bits a matrix is whole numbers (`dsi.efficiency.quantisation`), of 4 bits two in a byte, behind a
scale in float16 for each row; one that is 0 needs no place under the bitmask either.

A file that differs in any byte from what was written is refused. Not zstd over a safetensors file: of the
default study's models in float16 that is 7 % (dense) to 15 % (half pruned) larger than bitmask and byte
planes under zstd, and altered values go unnoticed.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from dsi.base.files import replacing
from dsi.efficiency.quantisation import (
    LEVELS,
    Bits,
    QuantisationError,
    QuantisedRows,
    is_quantised,
    packed,
    quantise,
    restore,
    rounded,
    unpacked,
)
from dsi.model.masks import Tensors

MAGIC = b"DSZ\x00v1\r\n"
# Its default; at 19 the default study's checkpoints shrink by another hundredth in ten times the time.
ZSTD_LEVEL = 3
_DIGEST, _LENGTH = 32, 8
_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.float64,
        torch.int64,
        torch.int32,
        torch.uint8,
        torch.bool,
    )
}
Bytes = npt.NDArray[np.uint8]


class CompressionError(ValueError):
    """The weights cannot be stored so, or the file is not what was written; the message says which."""


def save_compressed(weights: Tensors, path: Path, *, bits: Bits = 32, zstd: bool = False) -> None:
    """Write a compressed checkpoint.

    Args:
        bits: of a float32 value, which loads as float32 again: 32 keeps it, 16 is float16, 8 and 4 are
            whole multiples of the row's scale in matrices and float16 elsewhere.
        zstd: compress the payload, values byte plane by byte plane: exponents are alike, mantissas not.

    Raises:
        CompressionError: a value is too large for so many bits, or a dtype is unknown.
    """
    entries, parts = {}, []
    for name, weight in weights.items():
        entries[name], encoded = _encode(name, weight, bits, planes=zstd)
        parts += encoded
    payload = np.concatenate(parts).tobytes() if parts else b""
    header = {"tensors": entries, "codec": "zstd" if zstd else "none", "bytes": len(payload)}
    if zstd:
        payload = pa.Codec("zstd", compression_level=ZSTD_LEVEL).compress(payload, asbytes=True)
    described = json.dumps(header).encode()
    content = len(described).to_bytes(_LENGTH, "little") + described + payload
    with replacing(path) as temporary:
        temporary.write_bytes(MAGIC + hashlib.sha256(content).digest() + content)


def save_verified(weights: Tensors, path: Path, *, bits: Bits = 32, zstd: bool = False) -> None:
    """Write a compressed checkpoint, read it back and compare it bit by bit with what was meant.

    Raises:
        CompressionError: as `save_compressed`, or other values were read back.
    """
    save_compressed(weights, path, bits=bits, zstd=zstd)
    loaded = load_compressed(path)
    for name, weight in weights.items():
        expected = rounded(weight, bits)
        if not torch.equal(expected.view(torch.uint8), loaded[name].view(torch.uint8)):
            raise CompressionError(
                f"{name}: read back other values than were written; the disk may be failing"
            )


def load_compressed(path: Path) -> Tensors:
    """The weights of a file that `save_compressed` wrote, bit for bit (in fewer bits than 32 rounded).

    Raises:
        CompressionError: the file is of another kind, cut short or altered.
    """
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise CompressionError(
            f"{path}: found {data[: len(MAGIC)]!r} at its start, expected a compressed checkpoint as "
            "scripts compress writes it, for example model.dsz"
        )
    digest = data[len(MAGIC) : len(MAGIC) + _DIGEST]
    content = memoryview(data)[len(MAGIC) + _DIGEST :]
    found = hashlib.sha256(content)
    if found.digest() != digest:
        raise CompressionError(
            f"{path}: found content with SHA-256 {found.hexdigest()[:16]}… in {len(data)} bytes, expected "
            f"{digest.hex()[:16]}…: the file is cut short or altered; write it again with scripts compress"
        )
    length = int.from_bytes(content[:_LENGTH], "little")
    header = json.loads(bytes(content[_LENGTH : _LENGTH + length]))
    payload = content[_LENGTH + length :]
    if header["codec"] == "zstd":
        payload = pa.Codec("zstd").decompress(payload, header["bytes"], asbytes=True)
    stored = np.frombuffer(payload, dtype=np.uint8)
    weights, offset = {}, 0
    for name, entry in header["tensors"].items():
        weights[name] = _decode(entry, stored[offset : offset + entry["bytes"]], header["codec"] == "zstd")
        offset += entry["bytes"]
    return weights


def _encode(name: str, weight: torch.Tensor, bits: Bits, planes: bool) -> tuple[dict[str, Any], list[Bytes]]:
    """A tensor's entry in the header, and its bytes: as it is, or bitmask and values."""
    dtype = str(weight.dtype).removeprefix("torch.")
    if dtype not in _DTYPES:
        raise CompressionError(f"{name}: found {dtype}, expected one of {', '.join(_DTYPES)}")
    encode = _encode_quantised if is_quantised(weight, bits) else _encode_values
    stored, encoding, parts = encode(name, weight, bits, planes)
    entry = {
        "dtype": dtype,
        "shape": list(weight.shape),
        "stored": stored,
        "encoding": encoding,
        "bytes": sum(part.size for part in parts),
    }
    return entry, parts


def _encode_values(name: str, weight: torch.Tensor, bits: Bits, planes: bool) -> tuple[str, str, list[Bytes]]:
    """As which type a tensor's values are stored, how, and their bytes."""
    stored = weight.detach().cpu().contiguous().reshape(-1)
    if bits < 32 and weight.dtype == torch.float32:
        stored = stored.half()
        if stored.isinf().any():
            raise CompressionError(
                f"{name}: found a weight of {weight.abs().max().item():.3g}, expected at most 65504 for "
                "float16; keep this tensor's values exactly"
            )
    items = stored.view(torch.uint8).numpy().reshape(-1, stored.element_size())  # (weights, bytes of one)
    # By bits and not by value, as -0.0 is not 0.0.
    kept = np.asarray(items.any(axis=1))
    encoding, parts = _shorter(kept, _in_order(items[kept], planes), _in_order(items, planes))
    return str(stored.dtype).removeprefix("torch."), encoding, parts


def _encode_quantised(
    name: str, weight: torch.Tensor, bits: Bits, planes: bool
) -> tuple[str, str, list[Bytes]]:
    """As `_encode_values`, in whole numbers; the scales come first."""
    try:
        numbers, scales = quantise(weight, bits)
    except QuantisationError as error:
        raise CompressionError(f"{name}: {error}; keep this tensor's values exactly") from error
    items = numbers.reshape(-1)
    kept = items != 0
    encoding, parts = _shorter(kept, packed(items[kept], bits), packed(items, bits))
    return f"int{bits}", encoding, [_in_order(scales.view(np.uint8).reshape(-1, 2), planes), *parts]


def _shorter(kept: npt.NDArray[np.bool_], some: Bytes, every: Bytes) -> tuple[str, list[Bytes]]:
    """Of a bitmask with the values under it, and every value, what takes fewer bytes."""
    bitmask = np.packbits(kept)
    if bitmask.size + some.size < every.size:
        return "bitmask", [bitmask, some]
    return "dense", [every]


def _in_order(items: Bytes, planes: bool) -> Bytes:
    """Values (n, bytes of one) one after another, or all their first bytes before all their second ones."""
    return (items.T if planes else items).reshape(-1)


def _decode(entry: Mapping[str, Any], stored: Bytes, planes: bool) -> torch.Tensor:
    """The tensor of an entry and its bytes."""
    count = math.prod(entry["shape"])
    bits = {f"int{bits}": bits for bits in LEVELS}.get(entry["stored"])
    if bits is not None:
        rows = entry["shape"][0]
        scales = _items(stored[: 2 * rows], 2, planes).view(np.float16).reshape(rows, 1)
        kept, stored = _kept(entry, stored[2 * rows :], count)
        numbers = np.zeros(count, dtype=np.int8)
        numbers[kept] = unpacked(stored, bits, int(kept.sum()))
        return restore(QuantisedRows(numbers.reshape(entry["shape"]), scales))
    dtype = _DTYPES[entry["stored"]]
    items = np.zeros((count, dtype.itemsize), dtype=np.uint8)
    kept, stored = _kept(entry, stored, count)
    items[kept] = _items(stored, dtype.itemsize, planes)
    values = torch.from_numpy(items.reshape(-1)).view(dtype)
    return values.reshape(entry["shape"]).to(_DTYPES[entry["dtype"]])


def _kept(entry: Mapping[str, Any], stored: Bytes, count: int) -> tuple[npt.NDArray[np.bool_], Bytes]:
    """Which values of an entry are stored, and the bytes of those."""
    if entry["encoding"] == "dense":
        return np.ones(count, dtype=bool), stored
    length = -(-count // 8)
    return np.unpackbits(stored[:length], count=count).astype(bool), stored[length:]


def _items(stored: Bytes, width: int, planes: bool) -> Bytes:
    """(n, width): the bytes of each value, as `_in_order` took them."""
    items = stored.reshape(width, -1).T if planes else stored.reshape(-1, width)
    return np.ascontiguousarray(items)
