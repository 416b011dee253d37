"""Round to nearest with a scale for each row: what 8 or 4 bits leave of a model's weights.

Symmetric, by the row's largest magnitude (absmax): Q = round(W / s), s = max |W| / (2^(bits - 1) - 1), as
LLM.int8() has it (Dettmers et al. 2022, "8-bit matrix multiplication for transformers at scale"). No data and
no training are used. Zero stays zero.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

Bits = Literal[32, 16, 8, 4]
LEVELS: Mapping[int, int] = MappingProxyType({8: 127, 4: 7})  # the largest whole number of so many bits
_SMALLEST = np.float16(2**-24)


class QuantisationError(ValueError):
    """A weight that no scale of float16 reaches; the message says how large it is."""


class QuantisedRows(NamedTuple):
    """values: (rows, columns) int8, from -127 or -7 on; scales: (rows, 1) float16, 0 of a row of zeros."""

    values: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float16]


def is_quantised(weight: torch.Tensor, bits: int) -> bool:
    """True of float32 matrices in 8 or 4 bits; norms, and all that is no matrix, are kept in float16."""
    return bits in LEVELS and weight.dim() == 2 and weight.dtype == torch.float32


def quantise(weight: torch.Tensor, bits: int) -> QuantisedRows:
    """Round each row of a (rows, columns) float32 matrix to whole multiples of its scale.

    A scale is rounded up to float16, so that the largest weight of a row needs no clipping.

    Raises:
        QuantisationError: a weight is not finite, or its row's scale is beyond float16.
    """
    rows = weight.detach().cpu().numpy()
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    limit = 65504 * LEVELS[bits]
    if not (largest <= limit).all():  # of NaN, too
        found = largest[~(largest <= limit)][0]
        raise QuantisationError(f"found a weight of {found:.3g}, expected at most {limit} in {bits} bits")
    wanted = largest / LEVELS[bits]
    scales = wanted.astype(np.float16)
    below = scales < wanted
    scales[below] = np.nextafter(scales[below], np.float16(np.inf))
    divisors = np.maximum(scales, _SMALLEST).astype(np.float32)
    return QuantisedRows(np.rint(rows / divisors).astype(np.int8), scales)


def restore(rows: QuantisedRows) -> torch.Tensor:
    """The rounded weights, (rows, columns) float32: exact, as 7 bits times 11 fit into 24."""
    return torch.from_numpy(rows.values.astype(np.float32) * rows.scales.astype(np.float32))


def rounded(weight: torch.Tensor, bits: Bits) -> torch.Tensor:
    """What a file of so many bits gives back of a tensor; only float32 is rounded.

    Raises:
        QuantisationError: as `quantise`.
    """
    if is_quantised(weight, bits):
        # A weight that rounds to zero from below is 0.0 in whole numbers, too.
        return restore(quantise(weight, bits))
    return weight.half().float() if bits < 32 and weight.dtype == torch.float32 else weight


def packed(values: npt.NDArray[np.int8], bits: int) -> npt.NDArray[np.uint8]:
    """Whole numbers as bytes: of 4 bits two in each, the first in the low half, the last padded with 0."""
    items = values.reshape(-1).view(np.uint8)
    if bits == 8:
        return items
    halves = np.pad(items & 15, (0, items.size % 2))
    pairs: npt.NDArray[np.uint8] = halves[::2] | halves[1::2] << 4
    return pairs


def unpacked(stored: npt.NDArray[np.uint8], bits: int, count: int) -> npt.NDArray[np.int8]:
    """The `count` whole numbers that `packed` made bytes of."""
    if bits == 8:
        return stored.view(np.int8)[:count]
    halves = np.stack([stored & 15, stored >> 4], axis=1).reshape(-1)[:count].astype(np.int8)
    return np.where(halves > 7, halves - 16, halves).astype(np.int8)
