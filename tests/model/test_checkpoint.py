"""Checkpoints are ordinary ones of transformers and give the scores that were evaluated, or are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.identifiers import identifier_frame
from dsi.docids.tokenizer import load_tokenizer
from dsi.model.checkpoint import (
    Checkpoint,
    CheckpointError,
    Description,
    identifiers_of,
    load_checkpoint,
    load_t5,
    read_description,
    save_checkpoint,
)
from dsi.model.scoring import score_queries
from dsi.systems import CHECKPOINT_FILES
from tests.conftest import DOCIDS, DOCUMENTS, MAX_TOKENS
from tests.model.conftest import ATOMIC_DESCRIPTION, DOCID_FRAME


@pytest.fixture
def folder(tiny_model: Any, tokenizer_folder: Path, tmp_path: Path) -> Path:
    save_checkpoint(tiny_model, tokenizer_folder, DOCID_FRAME, tmp_path, ATOMIC_DESCRIPTION)
    return tmp_path


def test_a_checkpoint_is_an_ordinary_one_and_gives_the_same_scores(
    tiny_model: Any, tokenizer_folder: Path, folder: Path
) -> None:
    assert {path.name for path in folder.iterdir()} == {*CHECKPOINT_FILES, "model.safetensors"}
    loaded, report = AutoModelForSeq2SeqLM.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]

    texts = ["shortest path", "random matrix of weight"]
    checkpoint = load_checkpoint(folder)
    assert checkpoint.docids == DOCIDS
    assert checkpoint.identifiers is None
    ours = Checkpoint(tiny_model, load_tokenizer(tokenizer_folder, MAX_TOKENS), DOCIDS)
    assert (score_queries(checkpoint, texts) == score_queries(ours, texts)).all()

    # Plain transformers: the token that generate() picks is the best document's.
    inputs = AutoTokenizer.from_pretrained(folder)(texts, return_tensors="pt", padding=True)
    generated = loaded.eval().generate(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False
    )
    first = loaded.config.vocab_size - len(DOCIDS)
    best = score_queries(checkpoint, texts).argmax(axis=1)
    assert (generated[:, 1] - first).tolist() == best.tolist()


def test_identifiers_are_none_only_where_one_step_scores_all() -> None:
    tokens = [np.array([number, 1], np.int32) for number in range(2, 26)]
    frame = identifier_frame(DOCUMENTS, tokens)
    assert identifiers_of(frame, "naive") == [[number, 1] for number in range(2, 26)]
    assert identifiers_of(frame, "atomic") is None


def test_a_description_has_what_the_task_has(tmp_path: Path) -> None:
    written = {"task": "ranked-list", "max_tokens": 32, "k": 3, "constrained": True}
    (tmp_path / "retriever.json").write_text(json.dumps(written))
    assert read_description(tmp_path) == Description("ranked-list", 32, None, 3, True)


def test_a_folder_that_is_no_docid_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no retriever\.json; expected a checkpoint folder such as"):
        load_checkpoint(tmp_path)
    (tmp_path / "retriever.json").write_text('{"task": "ranked-list"}')
    with pytest.raises(CheckpointError, match="found the task 'ranked-list'; expected docid"):
        load_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match=r"no model\.safetensors; expected a checkpoint folder such as"):
        load_t5(tmp_path)


def test_weights_that_do_not_fit_are_named(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["stray.weight"] = weights.pop("decoder.final_layer_norm.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"missing_keys.*final_layer_norm.*unexpected_keys.*stray"):
        load_t5(folder)


def test_weights_of_half_precision_are_float32_once_they_are_loaded(
    tmp_path: Path, tiny_model: T5ForConditionalGeneration
) -> None:
    tiny_model.to(torch.bfloat16).save_pretrained(tmp_path)
    assert {parameter.dtype for parameter in load_t5(tmp_path).parameters()} == {torch.float32}
