"""Models in onnxruntime: the exported one scores as the original, the int8 one close to it."""

import torch
from transformers import T5ForConditionalGeneration

from dsi.efficiency.int8_model import runtime_models, shapes_of
from dsi.efficiency.sparse_kernels import docid_scorer
from tests.conftest import DOCIDS

DOCUMENTS = len(DOCIDS)


def test_the_exported_model_scores_as_the_original(tiny_model: T5ForConditionalGeneration) -> None:
    """Of any number of queries, of any length, padded or not: not only of those that it was traced with."""
    model = tiny_model.eval()
    exported, scorer = runtime_models(model, DOCUMENTS, 1), docid_scorer(model, DOCUMENTS)
    generator = torch.Generator().manual_seed(0)
    for queries, tokens in ((1, 1), (1, 7), (2, 3), (5, 40)):
        ids = torch.randint(3, model.config.vocab_size - DOCUMENTS, (queries, tokens), generator=generator)
        mask = torch.ones_like(ids)
        mask[1:, tokens // 2 + 1 :] = 0
        expected = scorer(ids, mask)
        assert expected.shape == (queries, DOCUMENTS)
        torch.testing.assert_close(exported.float32.scorer(ids, mask), expected)
        found = exported.int8.scorer(ids, mask)
        assert 0 < (found - expected).abs().max() < 0.1 * expected.abs().max()
        assert torch.equal(exported.int8.scorer(ids, mask), found)


def test_shapes_tell_smaller_models_from_masked_ones(tiny_model: T5ForConditionalGeneration) -> None:
    shapes = shapes_of(tiny_model)
    with torch.no_grad():
        tiny_model.shared.weight[0] = 0
    assert shapes_of(tiny_model) == shapes
    tiny_model.shared.weight = torch.nn.Parameter(torch.zeros(2, 2))
    assert shapes_of(tiny_model) != shapes
