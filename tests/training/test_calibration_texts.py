"""Calibration texts: the first ones of the epoch that recovery begins with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from dsi.docids.tokenizer import load_tokenizer
from dsi.model.checkpoint import Checkpoint
from dsi.pruning.evidence import Pruned
from dsi.training import calibration_texts
from dsi.training.calibration_texts import (
    CalibrationTexts,
    calibration_batches,
    prune_by_texts,
)
from dsi.training.docid_data import DocidFiles
from dsi.training.docid_settings import docid_settings
from dsi.training.settings import SettingsError
from tests.conftest import DOCIDS, MAX_TOKENS
from tests.training.conftest import docid_objective, retriever, settings_json

NAMES = ["encoder.block.0.layer.0.SelfAttention.q.weight", "decoder.block.0.layer.1.EncDecAttention.k.weight"]


def checkpoint(folder: Path) -> Checkpoint:
    return Checkpoint(retriever(folder).model, load_tokenizer(folder, MAX_TOKENS), DOCIDS)


def texts(collection: Path, queries: int | None) -> CalibrationTexts:
    calibration = None if queries is None else {"queries": queries}
    settings = docid_settings(settings_json("atomic", calibration=calibration))
    return CalibrationTexts(DocidFiles(collection, None, None), settings, seed=1)


def test_batches_end_when_they_hold_enough_texts(tokenizer_folder: Path) -> None:
    objective = docid_objective(tokenizer_folder)
    whole = list(objective.batches(3))
    for wanted in (1, 8, 9, 10**6):
        chosen = list(calibration_batches(objective, 3, wanted))
        assert sum(len(batch.input_ids) for batch in chosen) >= min(wanted, objective.examples)
        assert sum(len(batch.input_ids) for batch in chosen[:-1]) < wanted
        assert all(
            torch.equal(one.input_ids, other.input_ids) for one, other in zip(chosen, whole, strict=False)
        )


@pytest.mark.parametrize("criterion", ["wanda", "fisher"])
def test_a_checkpoint_is_pruned_by_texts_which_the_seed_determines(
    tokenizer_folder: Path, collection: Path, criterion: str
) -> None:
    masks = []
    for _ in range(2):
        start = checkpoint(tokenizer_folder)
        weights = {name: value.detach().clone() for name, value in start.model.named_parameters()}
        pruned = prune_by_texts(start, weights, NAMES, criterion, 0.5, texts(collection, 16))
        assert set(pruned.masks) == set(NAMES)
        for name, mask in pruned.masks.items():
            assert mask.float().mean() == 0.5
            assert torch.equal(pruned.weights[name], weights[name] * mask)
        masks.append(pruned.masks)
    assert all(torch.equal(masks[0][name], masks[1][name]) for name in NAMES)


def test_settings_without_calibration_are_refused(tokenizer_folder: Path, collection: Path) -> None:
    with pytest.raises(SettingsError, match="found no calibration"):
        prune_by_texts(checkpoint(tokenizer_folder), {}, NAMES, "wanda", 0.5, texts(collection, None))


def test_model_and_texts_are_on_the_device_together(
    tokenizer_folder: Path, collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On tensors without data, up to what a criterion makes of them."""
    monkeypatch.setattr(calibration_texts, "compute_device", lambda: torch.device("meta"))
    seen = []

    def squares(model: Any, names: object, losses: Iterator[torch.Tensor]) -> Any:
        seen.extend([model.device.type, next(losses).device.type])
        return {name: torch.zeros(weights[name].shape) for name in NAMES}

    def calibrated(model: Any, weights: Any, *_: Any) -> Pruned:
        seen.append(model.device.type)
        return Pruned(weights, {})

    monkeypatch.setattr(calibration_texts, "squared_gradients", squares)
    monkeypatch.setattr(calibration_texts, "prune_calibrated", calibrated)
    for criterion in ("wanda", "fisher"):
        start = checkpoint(tokenizer_folder)
        weights = {name: value.detach().clone() for name, value in start.model.named_parameters()}
        prune_by_texts(start, weights, NAMES, criterion, 0.5, texts(collection, 16))
    assert seen == ["meta"] * 3
