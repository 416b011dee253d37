"""T5 models from random weights: shape, seeds, what `generate` may write, a head with weights of its own."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.model.checkpoint import load_checkpoint, save_checkpoint
from dsi.model.t5 import EMBEDDING, Shape, build_model, build_sequence_model, build_t5, untie_head
from tests.conftest import DOCIDS, PIECES, SHAPE
from tests.model.conftest import ATOMIC_DESCRIPTION, DOCID_FRAME


def test_a_shape_is_what_it_is_called_in_a_mapping() -> None:
    shape = Shape.of({**SHAPE, "embeddings": "lsa"})
    assert shape._asdict() == SHAPE
    assert Shape.of(shape) is shape
    with pytest.raises(KeyError, match="d_model"):
        Shape.of({})


def test_the_weights_have_that_shape() -> None:
    shape = Shape(8, 3, 20, 2, 1, 2, 0.25, "relu", 0.5)
    model = build_t5(shape, vocabulary=400, seed=1)
    assert model.shared.weight.shape == (400, 8)
    assert model.get_parameter(EMBEDDING) is model.shared.weight
    assert model.shared.weight.std().item() == pytest.approx(0.5, rel=0.1)
    assert (len(model.encoder.block), len(model.decoder.block)) == (1, 2)
    assert model.decoder.block[0].layer[0].SelfAttention.q.weight.shape == (2 * 3, 8)
    assert model.decoder.block[0].layer[2].DenseReluDense.wi.weight.shape == (20, 8)
    assert model.config.dropout_rate == 0.25


def test_the_seed_decides_the_weights() -> None:
    one, same, other = (build_t5(SHAPE, 40, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one[EMBEDDING], other[EMBEDDING])


def generated(model: T5ForConditionalGeneration) -> list[int]:
    tokens: list[int] = model.eval().generate(torch.tensor([[5, 6, 1]]), do_sample=False)[0, 1:].tolist()
    return tokens


def test_generate_writes_docid_tokens_alone() -> None:
    (token,) = generated(build_model(SHAPE, PIECES, len(DOCIDS), seed=1))
    assert PIECES <= token < PIECES + len(DOCIDS)
    tokens = generated(build_sequence_model(SHAPE, 60, [[50, 52, 51], [52, 50]], seed=1))
    assert len(tokens) == 3
    assert set(tokens) <= {50, 51, 52}


def test_an_untied_head_is_saved_and_loaded_as_it_was_evaluated(
    tiny_model: Any, tokenizer_folder: Path, tmp_path: Path
) -> None:
    assert tiny_model.lm_head.weight is tiny_model.shared.weight
    untie_head(tiny_model)
    assert torch.equal(tiny_model.lm_head.weight, tiny_model.shared.weight)
    with torch.no_grad():
        tiny_model.lm_head.weight.mul_(2)
    head = tiny_model.lm_head.weight
    untie_head(tiny_model)
    assert tiny_model.lm_head.weight is head
    save_checkpoint(tiny_model, tokenizer_folder, DOCID_FRAME, tmp_path, ATOMIC_DESCRIPTION)
    loaded = load_checkpoint(tmp_path).model
    assert torch.equal(loaded.lm_head.weight, head)
    assert torch.equal(loaded.shared.weight, tiny_model.shared.weight)
