"""Shares: their losses add up to that of the batch, whatever it is a mean over."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from dsi.docids.tokenizer import load_tokenizer
from dsi.model.t5 import build_model
from dsi.training.objective import Objective
from dsi.training.objectives import docid
from dsi.training.objectives.ranked_list import ListExamples, ListObjective, ListTraining
from dsi.training.shares import Share, share_of
from tests.conftest import PIECES, SHAPE, TEXTS
from tests.ranking import tiny_lists
from tests.training.conftest import docid_objective, sequence_objective, sequence_start


def atomic(folder: Path, _: Path) -> tuple[Objective, Any]:
    return docid_objective(folder), build_model(SHAPE, PIECES, len(TEXTS), seed=1)


def several_tokens(folder: Path, _: Path) -> tuple[Objective, Any]:
    start = sequence_start("semantic", folder)
    return sequence_objective(start, folder), start.model


def lists(_: Path, folder: Path) -> tuple[Objective, Any]:
    """Lists of different lengths."""
    tiny_lists.write_tokenizer(folder)
    tokenizer = load_tokenizer(folder)
    chosen = ListExamples(tiny_lists.examples(tokenizer), [], [])
    settings = ListTraining(2, 3, 3, count_padding=False, seed=1)
    objective = ListObjective(chosen, tiny_lists.generation(tokenizer), tiny_lists.topk(), settings)
    return objective, tiny_lists.model(tokenizer)


@pytest.mark.parametrize("ranks", [2, 3, 20])
@pytest.mark.parametrize(
    ("make", "dense"),
    [(atomic, docid.DENSE), (atomic, 1), (several_tokens, docid.DENSE), (lists, docid.DENSE)],
)
def test_losses_of_shares_add_up_to_that_of_the_batch(
    ranks: int,
    make: Any,
    dense: int,
    tokenizer_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(docid, "DENSE", dense)
    objective, model = make(tokenizer_folder, tmp_path)
    model.eval()
    for batch in objective.batches(1):
        shares = [share_of(objective, batch, rank, ranks) for rank in range(ranks)]
        assert sum(share.part for share in shares) == pytest.approx(1)
        assert {share.whole for share in shares} == {len(batch[0])}
        with torch.no_grad():
            whole = objective.loss(model, batch).item()
            total = sum(objective.loss(model, share.batch).item() * share.part for share in shares)
        assert total == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("ranks", [1, 2, 3, 20])
def test_every_row_is_in_one_share(ranks: int, tokenizer_folder: Path) -> None:
    """Those that count; what else has to be computed counts nothing."""
    objective = docid_objective(tokenizer_folder)
    for batch in objective.batches(1):
        shares: list[Share] = [share_of(objective, batch, rank, ranks) for rank in range(ranks)]
        assert all(len(share.batch.input_ids) for share in shares)
        rows = [row.numpy().tobytes() for share in shares if share.part for row in share.batch.targets]
        assert Counter(rows) == Counter(row.numpy().tobytes() for row in batch.targets)
