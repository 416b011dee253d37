"""Ranked lists as text: targets, lengths, outputs of a model, runs."""

import math
from pathlib import Path

import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer

from dsi.docids.tokenizer import load_tokenizer
from dsi.ranking.lists import Lengths, list_lengths, list_outputs, list_run
from tests.ranking.tiny_lists import DOCIDS, examples, generation, model, topk, write_tokenizer


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> Tokenizer:
    return load_tokenizer(tokenizer_folder)


def test_targets_are_the_first_k_docids_of_bm25(tokenizer: Tokenizer) -> None:
    first, second, third = examples(tokenizer)
    assert tokenizer.decode(first.input_ids) == "retrieve documents for: graph node"
    assert tokenizer.decode(first.label_ids) == "712 7"
    assert first.label_ids[-1] == 1
    assert tokenizer.decode(second.label_ids) == "4077 x-12"
    assert not third.found
    assert third.label_ids == [1]


def test_lengths_are_those_of_the_joined_lists(tokenizer: Tokenizer) -> None:
    lists = {2: ["712 7", "4077 x-12"], 1000: ["712 7 ab", "4077 x-12"]}
    longest = [max(len(tokenizer.encode(text).ids) for text in texts) for texts in lists.values()]
    assert list_lengths(topk(), 2, tokenizer) == Lengths(*longest)


def test_outputs_hold_losses_and_lists_of_every_query(tokenizer: Tokenizer) -> None:
    t5, chosen = model(tokenizer), examples(tokenizer)
    outputs = list_outputs(t5, chosen, generation(tokenizer), batch_size=2)
    one_by_one = pd.concat(
        [list_outputs(t5, [example], generation(tokenizer)) for example in chosen], ignore_index=True
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
