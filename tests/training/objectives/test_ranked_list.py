"""The objective of ranked lists: padding, epochs, and the measures of a history."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from dsi.docids.tokenizer import load_tokenizer
from dsi.evaluation.published_measures import STUDY_MEASURES
from dsi.training.objectives.ranked_list import (
    TRACKED,
    LabelledBatch,
    ListExamples,
    ListObjective,
    ListTraining,
)
from tests.ranking.tiny_lists import examples, generation, model, topk, write_tokenizer


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> Tokenizer:
    return load_tokenizer(tokenizer_folder)


def objective(
    tokenizer: Tokenizer, chosen: ListExamples, batch_size: int = 2, count_padding: bool = True
) -> ListObjective:
    settings = ListTraining(2, batch_size, batch_size, count_padding, seed=1)
    return ListObjective(chosen, generation(tokenizer), topk(), settings)


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
        trained = objective(tokenizer, ListExamples(chosen, [], []), 2, count_padding=count)
        (batch,) = trained.batches(1)
        with torch.no_grad():
            assert trained.loss(t5, batch).item() == pytest.approx(expected, abs=1e-5)
    assert by_hand[True] != pytest.approx(by_hand[False], abs=1e-3)


def test_every_epoch_holds_every_query_once_in_another_order(tokenizer: Tokenizer) -> None:
    many = [examples(tokenizer)[0]._replace(qid=f"q{n}", input_ids=[n + 5, 1]) for n in range(20)]
    trained = objective(tokenizer, ListExamples(many, [], []), 8, count_padding=True)
    orders = [
        [row[0].item() for batch in trained.batches(epoch) for row in batch.input_ids] for epoch in (1, 1, 2)
    ]
    assert len(trained) == 3
    assert sorted(orders[0]) == list(range(5, 25))
    assert orders[0] == orders[1] != orders[2]


def test_a_history_has_the_studys_measures(tokenizer: Tokenizer) -> None:
    chosen = examples(tokenizer)
    trained = objective(tokenizer, ListExamples(chosen[:2], chosen[:1], chosen[1:2]), 2, count_padding=True)
    measures = trained.validate(model(tokenizer))
    assert tuple(measures) == trained.measures
    assert trained.measures[0] == "validation_loss"
    assert {name.removeprefix("test_") for name in measures if name.startswith("test_")} == {
        "loss",
        *TRACKED,
    }
    assert set(TRACKED) <= set(STUDY_MEASURES)


def test_a_step_never_waits_for_the_device(tokenizer: Tokenizer) -> None:
    trained = objective(tokenizer, ListExamples(examples(tokenizer)[:2], [], []), 2, count_padding=False)
    [batch] = trained.batches(1)
    on_device = LabelledBatch(*(tensor.to("meta") for tensor in batch))
    assert trained.loss(model(tokenizer).to("meta"), on_device).shape == ()


def test_what_gives_a_validation_loss(tokenizer: Tokenizer) -> None:
    """A query for which BM25 found nothing has one only where padding counts."""
    one, *_, empty = examples(tokenizer)
    assert (one.found, empty.found) == (True, False)
    for validation, count, expected in (([one], False, True), ([empty], False, False), ([empty], True, True)):
        chosen = ListExamples([one], validation, [])
        assert objective(tokenizer, chosen, count_padding=count).validated is expected
    assert not objective(tokenizer, ListExamples([one], [], [one])).validated
