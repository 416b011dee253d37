"""The ranked-list task: targets, lengths, losses, generation free and constrained, and what is saved."""

import math
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from dsi.docids.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from dsi.evaluation.published_measures import STUDY_MEASURES
from dsi.evaluation.runs import read_run
from dsi.model.checkpoint import load_t5, save_checkpoint
from dsi.model.scoring import pad_batch
from dsi.model.t5 import build_t5
from dsi.ranking import lists as ranked_list
from dsi.ranking.list_constraint import ListConstraint
from dsi.ranking.list_task import ListTask, write_lists
from dsi.ranking.lists import (
    Example,
    Generation,
    Lengths,
    list_lengths,
    list_outputs,
    list_run,
    make_examples,
)
from dsi.training.objectives.ranked_list import ListObjective

DOCIDS = ["7", "71", "712", "4077", "x-12", "Ab", "ab"]
WORDS = ["graph", "node", "edge", "matrix", "array", "vector"]
SHAPE = {
    "d_model": 8,
    "d_kv": 4,
    "d_ff": 16,
    "num_heads": 2,
    "num_layers": 1,
    "num_decoder_layers": 1,
    "dropout": 0.0,
    "feed_forward": "relu",
    "embedding_std": 0.5,
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    texts = [" ".join(random.Random(n).choices(WORDS, k=30)) for n in range(20)] + DOCIDS
    texts += [ranked_list.PROMPT, "x-12 Ab ab"] * 20 + [*(str(n) for n in range(1000))]
    save_tokenizer(train_tokenizer(texts, 44, cased=True), folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> Tokenizer:
    return load_tokenizer(tokenizer_folder)


def topk() -> pd.DataFrame:
    """Two queries; BM25 finds nothing for q3."""
    lists = {"q1": ["712", "7", "ab"], "q2": ["4077", "x-12"]}
    rows = [(qid, rank, docid) for qid, ids in lists.items() for rank, docid in enumerate(ids, start=1)]
    return pd.DataFrame(rows, columns=["qid", "rank", "docid"])


def examples(tokenizer: Tokenizer, k: int = 2) -> list[Example]:
    queries = pd.DataFrame({"qid": ["q1", "q2", "q3"], "text": ["graph node", "edge", "matrix"]})
    return make_examples(queries, topk(), k, tokenizer, tokenizer)


def model(tokenizer: Tokenizer, seed: int = 1) -> "ranked_list.T5ForConditionalGeneration":
    return build_t5(SHAPE, tokenizer.get_vocab_size(), seed).eval()


def generation(tokenizer: Tokenizer, allowed: ListConstraint | None = None) -> Generation:
    return Generation(tokenizer, list_lengths(topk(), 2, tokenizer), allowed)


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


def test_padding_counts_or_is_masked(tokenizer: Tokenizer) -> None:
    t5, chosen = model(tokenizer), examples(tokenizer)[:2]
    longest = generation(tokenizer).lengths.k_list
    by_hand = {}
    for count in (True, False):
        nats, positions = 0.0, 0
        for example in chosen:
            labels = example.label_ids + [0] * (longest - len(example.label_ids))
            with torch.no_grad():
                logits = t5(input_ids=torch.tensor([example.input_ids]), labels=torch.tensor([labels])).logits
            log_p = torch.log_softmax(logits[0], dim=1)
            counted = longest if count else len(example.label_ids)
            nats -= sum(log_p[i, labels[i]].item() for i in range(counted))
            positions += counted
        by_hand[count] = nats / positions
    for count, expected in by_hand.items():
        objective = ListObjective(
            chosen,
            [],
            [],
            generation(tokenizer),
            topk(),
            k=2,
            batch_size=2,
            published_batch=2,
            count_padding=count,
            seed=1,
        )
        (batch,) = objective.batches(1)
        with torch.no_grad():
            assert objective.loss(t5, batch).item() == pytest.approx(expected, abs=1e-5)
    assert by_hand[True] != pytest.approx(by_hand[False], abs=1e-3)


def test_every_epoch_holds_every_query_once_in_another_order(tokenizer: Tokenizer) -> None:
    many = [examples(tokenizer)[0]._replace(qid=f"q{n}", input_ids=[n + 5, 1]) for n in range(20)]
    objective = ListObjective(
        many,
        [],
        [],
        generation(tokenizer),
        topk(),
        k=2,
        batch_size=8,
        published_batch=8,
        count_padding=True,
        seed=1,
    )
    orders = [
        [row[0].item() for batch in objective.batches(epoch) for row in batch.input_ids]
        for epoch in (1, 1, 2)
    ]
    assert len(objective) == 3
    assert sorted(orders[0]) == list(range(5, 25))
    assert orders[0] == orders[1] != orders[2]


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


def test_a_history_has_the_studys_measures(tokenizer: Tokenizer) -> None:
    chosen = examples(tokenizer)
    objective = ListObjective(
        chosen[:2],
        chosen[:1],
        chosen[1:2],
        generation(tokenizer),
        topk(),
        k=2,
        batch_size=2,
        published_batch=2,
        count_padding=True,
        seed=1,
    )
    measures = objective.validate(model(tokenizer))
    assert tuple(measures) == objective.measures
    assert objective.measures[0] == "validation_loss"
    assert {name.removeprefix("test_") for name in measures if name.startswith("test_")} == {
        "loss",
        *ranked_list.TRACKED,
    }
    assert set(ranked_list.TRACKED) <= set(STUDY_MEASURES)


@pytest.mark.parametrize("seed", range(5))
def test_constrained_lists_hold_existing_docids_once(tokenizer: Tokenizer, seed: int) -> None:
    t5 = model(tokenizer, seed)
    for limit in (1, 3, len(DOCIDS), 99):
        allowed = ListConstraint(DOCIDS, tokenizer, limit)
        tokens = ranked_list.generate_tokens(t5, *pad_batch([[5, 6, 1], [9, 1]]), 80, allowed)
        for row in tokens:
            ids = tokenizer.decode(row).split()
            assert len(ids) == len(set(ids)) == min(limit, len(DOCIDS))
            assert set(ids) <= set(DOCIDS)


def test_a_constraint_allows_exactly_what_continues_a_list(tokenizer: Tokenizer) -> None:
    """Against every list of two docids written out."""
    allowed = ListConstraint(DOCIDS, tokenizer, 2)
    lists = [
        tokenizer.encode(f"{first} {second}").ids for first in DOCIDS for second in DOCIDS if first != second
    ]
    for tokens in lists:
        for cut in range(len(tokens)):
            prefix = tokens[:cut]
            expected = {other[cut] for other in lists if other[:cut] == prefix}
            assert set(allowed(0, torch.tensor([0, *prefix]))) == expected
        assert allowed(0, torch.tensor([0, *tokens])) == [0]  # padding after the end


def test_a_run_keeps_first_places_and_marks_what_does_not_exist() -> None:
    outputs = pd.DataFrame({"qid": ["q1", "q2"], "full_list": ['7 nine" 7 71', ""]})
    run = list_run(outputs, set(DOCIDS), 1000)
    assert list(run.itertuples(index=False, name=None)) == [
        ("q1", 1, "7", -1.0),
        ("q1", 2, "nonexistent:nine%22", -2.0),
        ("q1", 3, "71", -3.0),
    ]
    assert len(list_run(outputs, set(DOCIDS), 2)) == 2


def collection(folder: Path) -> Path:
    queries = pd.DataFrame(
        {
            "qid": ["q1", "q2", "q3"],
            "text": ["graph node", "edge", "matrix"],
            "split": ["test", "validation", "test"],
        }
    )
    queries.to_parquet(folder / "queries.parquet", index=False)
    topk().to_parquet(folder / "topk.parquet", index=False)
    pd.DataFrame({"docid": DOCIDS, "text": "x"}).to_parquet(folder / "documents.parquet", index=False)
    return folder


@pytest.mark.parametrize("method", ["greedy", "constrained"])
def test_plain_transformers_generates_the_lists_that_were_evaluated(
    tokenizer_folder: Path, tokenizer: Tokenizer, tmp_path: Path, method: str
) -> None:
    settings = {
        "k": 2,
        "depth": 1000,
        "generation": {"method": method, "length": "full"},
        "training": {"max_tokens": 32},
    }
    task = ListTask.read(collection(tmp_path), tokenizer_folder, settings)
    t5 = model(tokenizer)
    task.describe_generation(t5)
    retriever = {"task": "ranked-list", "max_tokens": 32, "k": 2, "constrained": method == "constrained"}
    save_checkpoint(t5, tokenizer_folder, task.docids, tmp_path / "checkpoint", retriever)
    run, outputs = tmp_path / "run.trec.gz", tmp_path / "outputs.parquet"
    write_lists(load_t5(tmp_path / "checkpoint"), task, run, outputs)
    written = pd.read_parquet(outputs)
    assert list(written["qid"]) == ["q1", "q2", "q3"]

    plain = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "checkpoint")
    tokens = AutoTokenizer.from_pretrained(tmp_path / "checkpoint")
    for text, expected in zip(["graph node", "edge", "matrix"], written["full_list"], strict=True):
        inputs = tokens(f"retrieve documents for: {text}", return_tensors="pt")
        generated = plain.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            prefix_allowed_tokens_fn=task.generation.allowed,
        )
        assert tokens.decode(generated[0], skip_special_tokens=True) == expected
    if method == "constrained":
        ranked = read_run(run)
        assert set(ranked["docid"]) <= set(DOCIDS)
        assert list(ranked["rank"]) == [1, 2] * 3


def test_constraints_of_many_docids_stay_fast(tokenizer: Tokenizer) -> None:
    docids = [str(number) for number in np.random.default_rng(1).choice(10**6, 20_000, replace=False)]
    allowed = ListConstraint(docids, tokenizer, 5)
    (row,) = ranked_list.generate_tokens(model(tokenizer), *pad_batch([[5, 1]]), 60, allowed)
    ids = tokenizer.decode(row).split()
    assert len(set(ids)) == 5
    assert set(ids) <= set(docids)
