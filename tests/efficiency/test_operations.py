"""Operations of one query, counted by hand."""

import pytest
import torch

from dsi.efficiency.operations import theoretical_flops
from tests.efficiency.conftest import PREFIX, small_t5


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
