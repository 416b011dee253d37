"""Batches made ahead: the same ones in the same order, and what making them raises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from dsi.training import retriever as retrievers
from dsi.training.ahead import AHEAD, made_ahead
from dsi.training.loop import train
from dsi.training.objectives.examples import Batch
from dsi.training.shares import Share
from tests.training.conftest import docid_objective, retriever


@pytest.fixture(autouse=True)
def nothing_to_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU there is no such memory."""
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)


def test_batches_are_the_same_in_the_same_order(tokenizer_folder: Path) -> None:
    plain, ahead = (docid_objective(tokenizer_folder).batches(2) for _ in range(2))
    for one, other in zip(plain, made_ahead(ahead), strict=True):
        assert isinstance(other, Batch)
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


def test_shares_of_batches_keep_their_numbers(tokenizer_folder: Path) -> None:
    batch = next(docid_objective(tokenizer_folder).batches(2))
    [made] = made_ahead([Share(batch, 9, 0.5)])
    assert isinstance(made, Share)
    assert isinstance(made.batch, Batch)
    assert (made.whole, made.part) == (9, 0.5)
    assert all(torch.equal(*pair) for pair in zip(made.batch, batch, strict=True))


def test_no_more_are_made_than_wait() -> None:
    made = []

    def batches() -> Iterator[Batch]:
        for number in range(9):
            made.append(number)
            yield Batch(*[torch.tensor([number])] * 3)

    ahead = made_ahead(batches())
    next(ahead)
    next(ahead)
    assert len(made) <= 2 + AHEAD
    ahead.close()
    assert len(made) <= 2 + AHEAD


def test_what_making_a_batch_raises_reaches_the_training() -> None:
    def batches() -> Iterator[Batch]:
        yield Batch(*[torch.zeros(1)] * 3)
        raise OSError("disk full")

    ahead = made_ahead(batches())
    next(ahead)
    with pytest.raises(OSError, match="disk full"):
        next(ahead)


def test_training_on_them_gives_the_same_weights(
    tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def recorded(batches: Any) -> Iterator[Any]:
        used.append(True)
        return made_ahead(batches)

    weights = []
    for ahead in (False, True):
        monkeypatch.setattr(retrievers, "makes_ahead", lambda _, ahead=ahead: ahead)
        monkeypatch.setattr(retrievers, "made_ahead", recorded)
        module = retriever(tokenizer_folder)
        train(module, tmp_path / str(ahead))
        weights.append(module.model.state_dict())
    assert used == [True]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_processor_makes_its_batches_when_it_needs_them() -> None:
    assert retrievers.makes_ahead(torch.device("cuda"))
    assert not retrievers.makes_ahead(torch.device("cpu"))
