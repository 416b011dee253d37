"""The examples of an epoch: how many of which kind, and that (seed, epoch) determine them."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from dsi.training.objectives.examples import DrawnBatch, Examples, Query
from tests.conftest import TEXTS
from tests.training.conftest import examples, scorer


def batches(drawn: Examples, epoch: int) -> list[DrawnBatch]:
    return list(drawn.batches(drawn.generator(epoch)))


def pieces(batch: DrawnBatch) -> list[tuple[int, ...]]:
    return [tuple(piece for piece in row if piece) for row in batch.input_ids.tolist()]


def test_an_epoch_holds_every_document_and_the_share_of_training_queries(tokenizer_folder: Path) -> None:
    drawn = examples(tokenizer_folder, teacher_weight=0.0)
    seen = batches(drawn, 1)
    assert drawn.count == 24 * 2 + 12  # 12 of 60 are a fifth
    assert len(seen) == len(drawn) == math.ceil(60 / 8)
    targets = np.concatenate([drawn.targets(batch.examples) for batch in seen])
    queries = targets[(targets > 0).sum(axis=1) == 2]
    assert len(queries) == 12
    assert queries[0].nonzero()[0].tolist() == [3, 6]
    assert targets.sum(axis=0)[0] == 2  # two pseudo-queries of document 0
    assert targets.sum(axis=1) == pytest.approx(np.ones(60))


def test_epochs_differ_and_are_reproducible(tokenizer_folder: Path) -> None:
    ids = [
        torch.cat([batch.input_ids.flatten() for batch in batches(examples(tokenizer_folder), epoch)])
        for epoch in (1, 1, 2)
    ]
    assert torch.equal(ids[0], ids[1])
    assert not torch.equal(ids[0], ids[2])


def test_pseudo_queries_drawn_once_are_few(tokenizer_folder: Path) -> None:
    once = examples(tokenizer_folder, queries=(), distinct=1)
    seen = {row for epoch in (1, 2, 3) for batch in batches(once, epoch) for row in pieces(batch)}
    assert len(seen) <= len(TEXTS)
    anew = examples(tokenizer_folder, queries=())
    seen = {row for epoch in (1, 2, 3) for batch in batches(anew, epoch) for row in pieces(batch)}
    assert len(seen) > len(TEXTS)


def test_queries_that_nobody_judged_are_taught_by_bm25_alone(tokenizer_folder: Path) -> None:
    unjudged = (Query("shortest path", ()), Query("zzz", ()))
    taught = examples(tokenizer_folder, unjudged)
    pseudo = len(TEXTS) * 2
    assert taught.count == pseudo + round(pseudo * 0.2 / 0.8)
    raised = np.exp(scorer().scores([["shortest", "path"]])[0])
    expected = raised / raised.sum()
    targets = [row for batch in batches(taught, 1) for row in taught.targets(batch.examples)]
    alike = sum(np.allclose(row, expected, atol=1e-6) for row in targets)
    assert alike >= taught.count - pseudo  # "zzz", which BM25 cannot teach, is never drawn
    assert all(row.sum() == pytest.approx(1, abs=1e-5) for row in targets)
    assert examples(tokenizer_folder, unjudged, teacher_weight=0).count == pseudo


def test_a_training_query_is_encoded_as_it_will_be_asked(tokenizer_folder: Path) -> None:
    """Words of unspaced scripts are joined in pseudo-queries; a user's own blanks stay."""
    drawn = examples(tokenizer_folder, (Query("東京  天気", (3,)),))
    (wanted,) = {tuple(row.tolist()) for row in drawn.encode(["東京 天気"])[0]}
    found = [
        row
        for batch in batches(drawn, 1)
        for row, example in zip(pieces(batch), batch.examples, strict=True)
        if example.text is not None
    ]
    assert len(found) == 12
    assert set(found) == {wanted}
