"""Ranked lists as text: targets, lengths, losses, what is generated, and the run that comes of it."""

import math

import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer

from dsi.model.scoring import pad_batch
from dsi.ranking.lists import (
    Lengths,
    ListBatch,
    decoder_states,
    generate_tokens,
    head_logits,
    list_lengths,
    list_outputs,
    list_run,
    padded_to,
)
from tests.ranking.tiny_lists import DOCIDS, examples, generation, model, topk


def test_targets_are_the_first_k_docids_of_bm25(list_tokenizer: Tokenizer) -> None:
    first, second, third = examples(list_tokenizer)
    assert list_tokenizer.decode(first.input_ids) == "retrieve documents for: graph node"
    assert list_tokenizer.decode(first.label_ids) == "712 7"
    assert first.label_ids[-1] == 1
    assert list_tokenizer.decode(second.label_ids) == "4077 x-12"
    assert not third.found
    assert third.label_ids == [1]


def test_lengths_are_those_of_the_joined_lists(list_tokenizer: Tokenizer) -> None:
    lists = {2: ["712 7", "4077 x-12"], 1000: ["712 7 ab", "4077 x-12"]}
    longest = [max(len(list_tokenizer.encode(text).ids) for text in texts) for texts in lists.values()]
    assert list_lengths(topk(), 2, list_tokenizer) == Lengths(*longest)


def test_outputs_hold_losses_and_lists_of_every_query(list_tokenizer: Tokenizer) -> None:
    t5, chosen = model(list_tokenizer), examples(list_tokenizer)
    outputs = list_outputs(t5, chosen, generation(list_tokenizer), batch_size=2)
    one_by_one = pd.concat(
        [list_outputs(t5, [example], generation(list_tokenizer)) for example in chosen], ignore_index=True
    )
    pd.testing.assert_frame_equal(outputs, one_by_one, atol=1e-5, rtol=0)
    assert list(outputs["qid"]) == ["q1", "q2", "q3"]
    assert math.isnan(outputs["loss"][2])
    first = chosen[0]
    with torch.no_grad():
        loss = t5(input_ids=torch.tensor([first.input_ids]), labels=torch.tensor([first.label_ids])).loss
    assert outputs["loss"][0] == pytest.approx(loss.item(), abs=1e-5)


def test_a_run_keeps_first_places_and_marks_what_does_not_exist() -> None:
    outputs = pd.DataFrame({"qid": ["q1", "q2"], "full_list": ['7 nine" 7 71', ""]})
    run = list_run(outputs, set(DOCIDS), 1000)
    assert list(run.itertuples(index=False, name=None)) == [
        ("q1", 1, "7", -1.0),
        ("q1", 2, "nonexistent:nine%22", -2.0),
        ("q1", 3, "71", -3.0),
    ]
    assert len(list_run(outputs, set(DOCIDS), 2)) == 2


def test_logits_are_those_of_the_models_own_forward_pass(list_tokenizer: Tokenizer) -> None:
    chosen = examples(list_tokenizer)
    input_ids, mask = pad_batch([example.input_ids for example in chosen])
    labels = padded_to([example.label_ids for example in chosen], 20)
    assert labels.shape == (3, 20)
    for scaled in (False, True):
        t5 = model(list_tokenizer)
        t5.config.scale_decoder_outputs = scaled
        with torch.no_grad():
            ours = head_logits(t5, decoder_states(t5, ListBatch(input_ids, mask, labels)))
            theirs = t5(input_ids=input_ids, attention_mask=mask, labels=labels).logits
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_generation_ends_at_the_end_token_or_the_limit(list_tokenizer: Tokenizer) -> None:
    t5, batch = model(list_tokenizer), pad_batch([[5, 6, 1], [9, 1]])
    assert [len(row) for row in generate_tokens(t5, *batch, 2, allowed=lambda *_: [7, 8])] == [2, 2]
    ended = generate_tokens(t5, *batch, 5, allowed=lambda _, tokens: [7] if len(tokens) < 3 else [1])
    assert ended == [[7, 7], [7, 7]]
