"""Rounding by row: whole numbers and scales by hand, and the bounds that hold for any weights."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dsi.efficiency.quantisation import (
    Bits,
    QuantisationError,
    packed,
    quantise,
    restore,
    rounded,
    unpacked,
)
from tests.efficiency.conftest import normal, same_bits


def test_whole_numbers_by_hand() -> None:
    """Scales 2 and 0.25, which float16 has: 254 / 127, 1.75 / 7; halves round to even numbers."""
    found = quantise(torch.tensor([[254.0, -3.0, 1.0, 0.9], [0.0, -127.0, 127.0, 63.5]]), 8)
    assert found.values.tolist() == [[127, -2, 0, 0], [0, -127, 127, 64]]
    assert found.scales.tolist() == [[2.0], [1.0]]
    found = quantise(torch.tensor([[1.75, -0.5, 0.12, -0.2]]), 4)
    assert (found.values.tolist(), found.scales.tolist()) == ([[7, -2, 0, -1]], [[0.25]])
    assert restore(found).tolist() == [[1.75, -0.5, 0.0, -0.25]]


def test_a_row_of_zeros_has_no_scale() -> None:
    found = quantise(torch.tensor([[0.0, -0.0], [1.0, 0.0]]), 8)
    assert found.scales[0] == 0
    assert found.values.tolist() == [[0, 0], [127, 0]]
    assert not restore(found).signbit().any()


def test_scales_below_float16_are_its_smallest() -> None:
    """1e-9 / 7 is below 2^-24, the smallest step there is: what is less than half of it is 0."""
    found = quantise(torch.tensor([[1e-9], [2.0**-24], [-(2.0**-23)]]), 4)
    assert found.scales.ravel().tolist() == [2.0**-24] * 3
    assert found.values.ravel().tolist() == [0, 1, -2]


@given(
    arrays(np.float32, (3, 8), elements=st.floats(-1e5, 1e5, width=32)),
    st.sampled_from([8, 4]),
    st.floats(1e-30, 1.0),
)
def test_no_weight_moves_by_more_than_half_a_step(values: np.ndarray, bits: int, factor: float) -> None:
    """Half of the row's scale; nothing is clipped, and the scale is a float16 no more than needed."""
    weight = torch.from_numpy(values * np.float32(factor))
    found = quantise(weight, bits)
    levels = {8: 127, 4: 7}[bits]
    assert np.abs(found.values.astype(int)).max() <= levels
    steps = np.maximum(found.scales.astype(np.float64), 2.0**-24)
    assert (np.abs(restore(found).numpy() - weight.numpy().astype(np.float64)) <= steps * 0.5000001).all()
    largest = np.abs(weight.numpy().astype(np.float64)).max(axis=1, keepdims=True)
    assert (steps <= largest / levels * (1 + 2**-9) + 2.0**-24).all()
    assert (found.values[weight.numpy() == 0] == 0).all()


def test_only_matrices_in_float32_become_whole_numbers() -> None:
    weights = {"norm": normal(4), "half": normal(2, 2).half(), "numbers": torch.arange(4).reshape(2, 2)}
    for bits in (8, 4):
        expected = {**weights, "norm": weights["norm"].half().float()}
        assert same_bits({name: rounded(weight, bits) for name, weight in weights.items()}, expected)
    assert same_bits({name: rounded(weight, 32) for name, weight in weights.items()}, weights)


@pytest.mark.parametrize("bits", [8, 4])
def test_rounding_twice_is_rounding_once_where_scales_are_exact(bits: Bits) -> None:
    """A row whose largest weight is a whole multiple of a float16 scale."""
    weight = torch.tensor([[1.0, 0.3, -0.7]]) * {8: 127, 4: 7}[bits] / 64
    once = rounded(weight, bits)
    assert torch.equal(rounded(once, bits), once)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 8])
def test_two_numbers_of_4_bits_share_a_byte(count: int) -> None:
    numbers = np.array([-7, 7, 0, -1, 3, -3, 1, 6], dtype=np.int8)[:count]
    for bits, length in ((8, count), (4, (count + 1) // 2)):
        stored = packed(numbers, bits)
        assert stored.size == length
        assert unpacked(stored, bits, count).tolist() == numbers.tolist()
    assert packed(np.array([-7, 7], dtype=np.int8), 4).tolist() == [0x79]


def test_what_float16_cannot_scale_is_refused() -> None:
    assert quantise(torch.tensor([[65504.0 * 7]]), 4).values.item() == 7
    with pytest.raises(QuantisationError, match=r"found a weight of 4\.6e\+05, expected at most 458528 in 4"):
        quantise(torch.tensor([[1.0], [4.6e5]]), 4)
