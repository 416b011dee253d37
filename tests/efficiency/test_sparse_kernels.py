"""Kernels that compute the same; where CSR pays and what 2:4 needs."""

import pytest
import torch
from transformers import T5ForConditionalGeneration

from dsi.efficiency.sparse_kernels import (
    BreakEven,
    CsrLinear,
    csr_break_even,
    docid_scorer,
    is_two_of_four,
    semi_structured_obstacle,
    sparse_shapes,
    with_csr,
)
from dsi.model.scoring import docid_logits
from tests.conftest import DOCIDS
from tests.efficiency.conftest import prune_half

DOCUMENTS = len(DOCIDS)


def queries() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.tensor([[9, 10, 12, 1], [11, 1, 0, 0]])
    return ids, (ids != 0).long()


def test_csr_multiplies_as_the_dense_linear_does() -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(12, 7, bias=False)
    linear.weight.data *= torch.rand(7, 12) > 0.8
    inputs = torch.randn(2, 3, 12)
    with torch.inference_mode():
        torch.testing.assert_close(CsrLinear(linear.weight)(inputs), linear(inputs))


def test_every_way_to_run_scores_alike(tiny_model: T5ForConditionalGeneration) -> None:
    prune_half(tiny_model)
    ids, mask = queries()
    with torch.inference_mode():
        expected = docid_logits(tiny_model, ids, mask, DOCUMENTS)
    torch.testing.assert_close(docid_scorer(tiny_model, DOCUMENTS)(ids, mask), expected)
    measured = [BreakEven(*shape, 0.5) for shape in sparse_shapes(tiny_model, DOCUMENTS, 2, 4)]
    csr = with_csr(tiny_model, DOCUMENTS, measured, 2, 4)
    assert csr is not None
    torch.testing.assert_close(csr(ids, mask), expected)
    # The model itself keeps its Linears.
    assert not any(isinstance(module, CsrLinear) for module in tiny_model.modules())
    with torch.no_grad():
        tiny_model.lm_head.weight[:, :12] = 0
    measured = [BreakEven(*shape, 0.5) for shape in sparse_shapes(tiny_model, DOCUMENTS, 2, 4)]
    assert BreakEven(DOCUMENTS, 16, 2, 0.5) in measured
    sparse_head = with_csr(tiny_model, DOCUMENTS, measured, 2, 4)
    assert sparse_head is not None
    with torch.inference_mode():
        torch.testing.assert_close(sparse_head(ids, mask), docid_logits(tiny_model, ids, mask, DOCUMENTS))


def test_csr_is_not_used_below_its_break_even(tiny_model: T5ForConditionalGeneration) -> None:
    prune_half(tiny_model)
    for rate in (0.6, None):
        measured = [BreakEven(*shape, rate) for shape in sparse_shapes(tiny_model, DOCUMENTS, 2, 4)]
        assert with_csr(tiny_model, DOCUMENTS, measured, 2, 4) is None


def test_shapes_and_positions_by_hand(tiny_model: T5ForConditionalGeneration) -> None:
    """The encoder and cross-attention's k and v see 3 · 5 positions, the rest of the decoder 3."""
    assert sparse_shapes(tiny_model, DOCUMENTS, batch=3, length=5) == set()
    prune_half(tiny_model)
    encoder = {(16, 16, 15), (32, 16, 15), (16, 32, 15)}
    decoder = {(16, 16, 3), (32, 16, 3), (16, 32, 3)}
    assert sparse_shapes(tiny_model, DOCUMENTS, batch=3, length=5) == encoder | decoder


def test_break_even_is_one_of_the_rates_or_none() -> None:
    found = csr_break_even(64, 64, 2, rounds=3)
    assert found[:3] == (64, 64, 2)
    assert found.rate is None or 0.5 <= found.rate <= 0.99


def test_two_of_four_is_recognised() -> None:
    weight = torch.tensor([[0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0]])
    assert is_two_of_four(weight)
    weight[0, 4] = weight[0, 5] = 1.0
    assert not is_two_of_four(weight)
    assert not is_two_of_four(torch.zeros(2, 6))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_two_of_four_says_what_it_needs(tiny_model: T5ForConditionalGeneration) -> None:
    assert (
        semi_structured_obstacle(tiny_model)
        == "no CUDA device; 2:4 needs one of compute capability 8.0 or more"
    )
