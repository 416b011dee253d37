"""The loop: a resumed run equals an uninterrupted one; patience ends a phase."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from dsi.training.loop import train
from tests.training.conftest import PHASE, killed_in, retriever


def test_a_resumed_run_equals_an_uninterrupted_one(tokenizer_folder: Path, tmp_path: Path) -> None:
    phase = PHASE._replace(epochs=3)
    whole = retriever(tokenizer_folder, phase)
    history, _ = train(whole, tmp_path / "whole")

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train(killed_in(retriever(tokenizer_folder, phase), epoch=3), tmp_path / "killed")
    assert (tmp_path / "killed" / "last.ckpt").is_file()

    resumed = retriever(tokenizer_folder, phase)
    again, _ = train(resumed, tmp_path / "killed")
    pd.testing.assert_frame_equal(again, history, check_exact=True)
    for name, value in whole.model.named_parameters():
        assert torch.equal(dict(resumed.model.named_parameters())[name], value), name


def test_early_stopping_follows_the_configured_patience(tokenizer_folder: Path, tmp_path: Path) -> None:
    stuck = PHASE._replace(epochs=30, patience=1, learning_rate=0.0)
    history, _ = train(retriever(tokenizer_folder, stuck), tmp_path)
    assert len(history) == 2  # the second epoch is no better than the first
