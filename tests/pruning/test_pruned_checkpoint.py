"""Pruned checkpoints: complete, and loadable as they were evaluated."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSeq2SeqLM, T5ForConditionalGeneration

from dsi.docids.schemes import atomic
from dsi.efficiency.sizes import count_weights
from dsi.model.checkpoint import load_t5, save_checkpoint
from dsi.pruning.apply import prune
from dsi.pruning.pruned_checkpoint import dense_weights, write_pruned
from dsi.pruning.selection import Selection
from dsi.systems import CHECKPOINT_FILES
from tests.conftest import DOCUMENTS

FEED_FORWARD = Selection(kinds=("feed_forward",))


@pytest.fixture
def dense(tiny_model: T5ForConditionalGeneration, tokenizer_folder: Path, tmp_path: Path) -> Path:
    """A dense checkpoint of the tiny model."""
    retriever = {"task": "docid", "scheme": "atomic", "max_tokens": 12}
    save_checkpoint(tiny_model, tokenizer_folder, atomic(DOCUMENTS), tmp_path / "dense", retriever)
    return tmp_path / "dense"


def pruned_folder(dense: Path, selection: Selection, criterion: str, rate: float) -> Path:
    output = dense.parent / criterion
    weights = dense_weights(dense, selection)
    pruned = prune(weights, selection.names(weights), criterion, rate)
    write_pruned(pruned, weights, rate, dense, output)
    return output


def test_a_pruned_checkpoint_loads_as_it_was_evaluated(
    dense: Path, tiny_model: T5ForConditionalGeneration
) -> None:
    folder = pruned_folder(dense, Selection(), "magnitude", 0.5)
    loaded, report = AutoModelForSeq2SeqLM.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    parameters = dict(loaded.named_parameters())
    masks = load_file(folder / "masks.safetensors")
    assert all(not parameters[name][~mask].any() for name, mask in masks.items())
    tiny_model.load_state_dict({**tiny_model.state_dict(), **load_file(folder / "model.safetensors")})
    ids = torch.tensor([[3, 4, 5, 1]])
    start = torch.tensor([[0]])
    with torch.no_grad():
        expected = tiny_model(input_ids=ids, decoder_input_ids=start).logits
        reloaded = loaded.eval()(input_ids=ids, decoder_input_ids=start).logits
    # The last bit depends on where in memory the weights lie.
    torch.testing.assert_close(reloaded, expected, rtol=0, atol=1e-6)


def test_the_other_files_are_the_dense_ones(dense: Path) -> None:
    folder = pruned_folder(dense, Selection(), "magnitude", 0.5)
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.safetensors", "masks.safetensors", "sparsity.json", *CHECKPOINT_FILES}
    for name in CHECKPOINT_FILES:
        assert (folder / name).read_bytes() == (dense / name).read_bytes()
    sparsity = json.loads((folder / "sparsity.json").read_text())
    assert (sparsity["nominal"], sparsity["linears"]) == (0.5, 0.5)


def test_a_smaller_model_says_so_in_its_configuration(dense: Path) -> None:
    folder = pruned_folder(dense, FEED_FORWARD, "ffn", 0.75)
    before, after = (json.loads((path / "config.json").read_text()) for path in (dense, folder))
    assert after == {**before, "d_ff": 8}
    assert load_t5(folder).encoder.block[0].layer[1].DenseReluDense.wo.weight.shape == (16, 8)
    assert load_file(folder / "masks.safetensors") == {}


def test_a_tied_head_is_untied_to_be_pruned(dense: Path) -> None:
    assert "lm_head.weight" not in dense_weights(dense, Selection())
    untied = dense_weights(dense, Selection(lm_head=True))
    assert torch.equal(untied["lm_head.weight"], untied["shared.weight"])
    assert untied["lm_head.weight"].data_ptr() != untied["shared.weight"].data_ptr()


def test_zeros_and_compression_have_one_base(dense: Path) -> None:
    """All weights pruned to half, an untied head among them: of the stored ones more than half are left."""
    selection = Selection(lm_head=True, embedding=True)
    folder = pruned_folder(dense, selection, "magnitude", 0.5)
    sparsity = json.loads((folder / "sparsity.json").read_text())
    weights, stored = (load_file(path / "model.safetensors") for path in (folder, dense))
    assert "lm_head.weight" in weights and "lm_head.weight" not in stored
    counts = count_weights(weights, stored)
    assert sparsity["parameters"] == counts.size == sum(weight.numel() for weight in stored.values())
    assert sparsity["nonzero"] == counts.size_nz
    assert sparsity["model"] == pytest.approx(1 - 1 / counts.compression_ratio)
    assert sparsity["linears"] == 0.5
