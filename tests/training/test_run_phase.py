"""run_phase: any objective composes with it, and it imports none."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from dsi.model.t5 import build_model
from dsi.pruning.in_training import PruningInTraining
from dsi.pruning.movement import MovementSettings
from dsi.training import loop, run_phase
from dsi.training.start import Start
from plan.digests import imported_files
from tests.conftest import DOCIDS, PIECES, SCRIPTS, SHAPE
from tests.training.conftest import PHASE


class Zero:
    """An objective that pulls one row of the embedding towards zero."""

    examples = 6
    measures = ("validation_loss",)
    validated = True

    def __len__(self) -> int:
        return 3

    def batches(self, _: int) -> Iterator[tuple[torch.Tensor]]:
        yield from [(torch.ones(2, 1),)] * 3

    def loss(self, model: Any, _: tuple[torch.Tensor]) -> torch.Tensor:
        loss: torch.Tensor = model.shared.weight[5].square().mean()
        return loss

    def validate(self, model: Any) -> dict[str, float]:
        return {"validation_loss": float(model.shared.weight[5].square().mean())}


class Outputs:
    """Writes the weights into a checkpoint, and notes what was there when it was ranked with."""

    def __init__(self, model: Any, folder: Path) -> None:
        self.ranked_with: set[str] = set()
        self._model = model
        self._folder = folder

    def write(self, folder: Path) -> None:
        self._model.save_pretrained(folder)
        (folder / "retriever.json").write_text('{"task": "docid", "scheme": "atomic"}')

    def rank(self) -> None:
        self.ranked_with = {path.name for path in self._folder.iterdir()}


@pytest.mark.parametrize("name", ["E1", "E2"])
def test_a_toy_objective_is_trained_written_and_ranked_with(
    tiny_model: Any, tmp_path: Path, name: Any
) -> None:
    before = tiny_model.shared.weight[5].square().mean().item()
    made = Outputs(tiny_model, tmp_path / "out")
    run_phase.run_phase(
        Start(tiny_model),
        PHASE._replace(name=name, epochs=2),
        Zero(),
        pruning=None,
        state=tmp_path / "state",
        keep=False,
        output=tmp_path / "out",
        write=made.write,
        rank=made.rank,
        ranked=(),
    )
    history = pd.read_parquet(tmp_path / "out/history.parquet")
    assert list(history["phase"]) == [name, name]
    assert history["validation_loss"].iloc[-1] < before
    moments = {"optimizer.safetensors"} if name == "E1" else set()
    expected = {"config.json", "generation_config.json", "model.safetensors", "retriever.json"}
    expected |= {"history.parquet", *moments}
    assert made.ranked_with == expected
    assert not (tmp_path / "state").exists()


def test_masks_that_changed_are_written_with_the_sparsity(tiny_model: Any, tmp_path: Path) -> None:
    pruning = PruningInTraining("movement", 0.5, MovementSettings(warmup=0.1, cooldown=0.2))
    made = Outputs(tiny_model, tmp_path / "out")
    run_phase.run_phase(
        Start(tiny_model, pruning.first_masks(dict(tiny_model.named_parameters()))),
        PHASE._replace(name="E2", epochs=2),
        Zero(),
        pruning=pruning,
        state=tmp_path / "state",
        keep=False,
        output=tmp_path / "out",
        write=made.write,
        rank=made.rank,
        ranked=(),
    )
    weights, masks = (load_file(tmp_path / f"out/{name}.safetensors") for name in ("model", "masks"))
    assert all(not weights[name][~mask].any() for name, mask in masks.items())
    assert {mask.float().mean().item() for mask in masks.values()} == {0.5}
    counted = json.loads((tmp_path / "out/sparsity.json").read_text())
    assert (counted["nominal"], counted["linears"]) == (0.5, 0.5)
    assert {"masks.safetensors", "sparsity.json"} <= made.ranked_with


def test_a_failed_ranking_leaves_the_state_to_go_on_from(tiny_model: Any, tmp_path: Path) -> None:
    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run_phase.run_phase(
            Start(tiny_model),
            PHASE,
            Zero(),
            pruning=None,
            state=tmp_path / "state",
            keep=False,
            output=tmp_path / "out",
            write=Outputs(tiny_model, tmp_path / "out").write,
            rank=fail,
            ranked=(),
        )
    assert (tmp_path / "state/last.ckpt").is_file()


def test_what_a_training_made_and_kept_is_put_in_place_without_training(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    """As after a kill between its end and its run's record: Snakemake has removed the outputs."""
    output, run = tmp_path / "out", tmp_path / "runs/out.trec.gz"
    trained = 0

    class Counted(Zero):
        def batches(self, epoch: int) -> Iterator[tuple[torch.Tensor]]:
            nonlocal trained
            trained += 1
            yield from super().batches(epoch)

    def phase(keep: bool) -> dict[str, bytes]:
        model = build_model(SHAPE, PIECES, len(DOCIDS), seed=1)

        def rank() -> None:
            run.parent.mkdir(exist_ok=True)
            run.write_bytes(b"ranked")

        run_phase.run_phase(
            Start(model),
            PHASE._replace(name="E1", epochs=2),
            Counted(),
            pruning=None,
            state=tmp_path / "state/key",
            keep=keep,
            output=output,
            write=Outputs(model, output).write,
            rank=rank,
            ranked=(run,),
        )
        return {path.name: path.read_bytes() for path in (*output.iterdir(), run)}

    made = phase(keep=True)
    assert trained == 2
    assert not (tmp_path / "state/key/last.ckpt").exists()
    shutil.rmtree(output)
    run.unlink()
    assert phase(keep=True) == made
    assert trained == 2
    (output / "model.safetensors").write_bytes(b"not whole")  # and what is kept, being the same file
    assert phase(keep=False) == made
    assert trained == 4
    assert list((tmp_path / "state").iterdir()) == []


def test_neither_run_phase_nor_the_loop_imports_an_objective() -> None:
    """So that an edited objective makes the models of no other task stale."""
    objectives = {path.name for path in (SCRIPTS / "dsi/training/objectives").glob("*.py")}
    assert {"docid.py", "docid_sequence.py", "ranked_list.py"} <= objectives
    for module in (run_phase, loop):
        assert module.__file__ is not None
        imported = imported_files(SCRIPTS, Path(module.__file__))
        assert len(imported) > 5
        assert not [path for path in imported if path.parent.name == "objectives"]


class Stuck(Zero):
    """Its weights move, its validation loss never does."""

    def validate(self, _: Any) -> dict[str, float]:
        return {"validation_loss": 1.0}


class KilledError(Exception):
    """What stands for the kill of a process."""


@pytest.mark.parametrize("killed_in", ["write", "rank"])
@pytest.mark.parametrize(("patience", "epochs"), [(2, 3), (None, 8)])
def test_a_phase_that_has_ended_is_not_trained_on(
    tokenizer_folder: Path, tmp_path: Path, patience: int | None, epochs: int, killed_in: str
) -> None:
    """Killed after its last epoch and started again it has the weights and epochs of a run left alone."""

    def run(name: str, kill: str | None = None) -> Path:
        model = build_model(SHAPE, PIECES, len(DOCIDS), seed=1)
        made = Outputs(model, tmp_path / name)

        def write(folder: Path) -> None:
            if kill == "write":
                raise KilledError
            made.write(folder)

        def rank() -> None:
            if kill == "rank":
                raise KilledError
            made.rank()

        run_phase.run_phase(
            Start(model),
            PHASE._replace(epochs=8, patience=patience),
            Stuck(),
            pruning=None,
            state=tmp_path / f"{name}-state",
            keep=False,
            output=tmp_path / name,
            write=write,
            rank=rank,
            ranked=(),
        )
        return tmp_path / name

    whole = run("whole")
    with pytest.raises(KilledError):
        run("killed", kill=killed_in)
    again = run("killed")
    history = pd.read_parquet(whole / "history.parquet")
    assert len(history) == epochs
    pd.testing.assert_frame_equal(pd.read_parquet(again / "history.parquet"), history, check_exact=True)
    for name in ("model", "optimizer"):
        one, other = (load_file(folder / f"{name}.safetensors") for folder in (whole, again))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one), name
    assert not (tmp_path / "killed-state").exists()
