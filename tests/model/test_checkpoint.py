"""Checkpoints: ordinary ones for transformers, loaded as they were evaluated, named when they are missing."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from dsi.docids.schemes import atomic
from dsi.docids.tokenizer import load_tokenizer
from dsi.model.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from dsi.model.scoring import docid_logits, pad_batch, score_queries
from dsi.model.t5 import untie_head
from tests.conftest import DOCIDS, DOCUMENTS, MAX_TOKENS, PIECES

ATOMIC = {"task": "docid", "scheme": "atomic", "max_tokens": MAX_TOKENS}


def test_an_untied_head_is_saved_and_loaded_as_it_was_evaluated(
    tokenizer_folder: Path, tiny_model: Any, tmp_path: Path
) -> None:
    untie_head(tiny_model)
    with torch.no_grad():
        tiny_model.lm_head.weight[:, ::2] = 0
    inputs = pad_batch([[5, 6, 1]])
    save_checkpoint(tiny_model, tokenizer_folder, atomic(DOCUMENTS, PIECES), tmp_path, ATOMIC)
    loaded = load_checkpoint(tmp_path).model.eval()
    assert loaded.lm_head.weight is not loaded.shared.weight
    assert torch.equal(loaded.shared.weight, tiny_model.shared.weight)
    assert loaded.shared.weight.count_nonzero() == tiny_model.shared.weight.numel()
    with torch.no_grad():
        after, before = (docid_logits(model, *inputs, documents=24) for model in (loaded, tiny_model))
    assert torch.equal(after, before)


def test_a_checkpoint_is_an_ordinary_one_and_gives_the_same_scores(
    tokenizer_folder: Path, tiny_model: Any, tmp_path: Path
) -> None:
    save_checkpoint(tiny_model, tokenizer_folder, atomic(DOCUMENTS, PIECES), tmp_path, ATOMIC)
    loaded, report = AutoModelForSeq2SeqLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]

    texts = ["shortest path", "random matrix of weight"]
    checkpoint = load_checkpoint(tmp_path)
    ours = Checkpoint(tiny_model, load_tokenizer(tokenizer_folder, MAX_TOKENS), DOCIDS)
    assert (score_queries(checkpoint, texts) == score_queries(ours, texts)).all()

    # Plain transformers: the token that generate() picks is the best document's.
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    inputs = tokenizer(texts, return_tensors="pt", padding=True)
    generated = loaded.eval().generate(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False
    )
    first = loaded.config.vocab_size - len(DOCIDS)
    best = score_queries(checkpoint, texts).argmax(axis=1)
    assert (generated[:, 1] - first).tolist() == best.tolist()


def test_a_folder_that_is_no_docid_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no retriever\.json; expected a checkpoint folder such as"):
        load_checkpoint(tmp_path)
    (tmp_path / "retriever.json").write_text('{"task": "ranked-list"}')
    with pytest.raises(CheckpointError, match="found the task 'ranked-list'; expected docid"):
        load_checkpoint(tmp_path)
