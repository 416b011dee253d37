"""The loop: a resumed run equals an uninterrupted one; patience ends a phase."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from dsi.base.artefacts import ArtefactError
from dsi.model.masks import UnfitMasksError
from dsi.pruning.gradual import GradualSettings
from dsi.pruning.in_training import PruningInTraining
from dsi.pruning.selection import Selection
from dsi.training.loop import last_state, train
from dsi.training.losses import DivergenceError
from dsi.training.objectives.docid import DocidObjective
from dsi.training.retriever import Retriever
from dsi.training.settings import SettingsError
from tests.training.conftest import PHASE, examples, killed_in, retriever


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


def test_a_patience_without_a_validation_loss_is_refused_before_training(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    waiting = retriever(tokenizer_folder, PHASE._replace(patience=2))
    waiting.objective = DocidObjective(examples(tokenizer_folder), [])
    with pytest.raises(
        SettingsError, match=r"training\.patience: found 2, but no validation loss to wait for"
    ):
        train(waiting, tmp_path)
    assert not list(tmp_path.iterdir())


def test_stored_masks_of_other_weights_are_refused(tokenizer_folder: Path, tmp_path: Path) -> None:
    """A killed run with growing masks, and one that selects other weights, in the same folder."""

    def growing(kinds: list[str]) -> Retriever:
        gradual = PruningInTraining("gradual", 0.8, GradualSettings(0.5, 3), Selection(kinds=kinds))
        masks = gradual.first_masks(dict(retriever(tokenizer_folder).model.named_parameters()))
        return retriever(tokenizer_folder, PHASE._replace(epochs=4), gradual.growth(), masks=masks)

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        train(killed_in(growing(["attention"]), epoch=2), tmp_path)
    with pytest.raises(
        UnfitMasksError, match=r"the training state: found a mask for .*Attention.*, expected"
    ):
        train(growing(["feed_forward"]), tmp_path)


def test_a_training_that_diverges_ends_there_and_leaves_no_state_of_it(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    hot = retriever(tokenizer_folder, PHASE._replace(epochs=2, learning_rate=1e38, warmup=0.0))
    with pytest.raises(
        DivergenceError, match=r"E1 diverged: found a loss of nan after step \d+ \(learning rate"
    ):
        train(hot, tmp_path)
    assert not list(tmp_path.iterdir())


def test_weights_that_only_the_last_step_of_an_epoch_breaks_are_found(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    module = retriever(tokenizer_folder)
    last = len(module.objective)
    before = module.on_before_optimizer_step

    def broken(optimizer: torch.optim.Optimizer) -> None:
        before(optimizer)
        if module.trainer.global_step == last - 1:
            module.model.shared.weight.grad[0, 0] = torch.inf

    module.on_before_optimizer_step = broken  # type: ignore[method-assign]
    with pytest.raises(DivergenceError, match=f"found a weight that is not finite after step {last} "):
        train(module, tmp_path)
    assert not list(tmp_path.iterdir())


class Harm:
    """What a pickle does when it is loaded: anything."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def test_a_state_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"epoch": 1, "harm": Harm(tmp_path / "harmed")}, tmp_path / "last.ckpt")
    with pytest.raises(ArtefactError, match=r"last\.ckpt: found .* the training then starts with its first"):
        last_state(tmp_path)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("kept", [0, 10, 500, -1])
def test_a_cut_state_is_named_with_the_way_out(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save({"weights": torch.ones(100)}, path)
    assert last_state(tmp_path) == path
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ArtefactError, match=rf"remove it and run again, for example rm {path}; the training"):
        last_state(tmp_path)


def test_without_a_state_there_is_none(tmp_path: Path) -> None:
    assert last_state(tmp_path) is None
