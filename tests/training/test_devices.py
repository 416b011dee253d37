"""Two processes with half of each batch train as one does; the others end with the first."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from tests.conftest import ROOT, SCRIPTS
from tests.ranking.tiny_lists import write_tokenizer
from tests.training import together
from tests.training.together import CASES


@pytest.fixture(scope="module")
def trained(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases by one process and by two: folders 1 and 2."""
    folder, lists = tmp_path_factory.mktemp("trained"), tmp_path_factory.mktemp("lists")
    write_tokenizer(lists)
    for devices in (1, 2):
        subprocess.run(
            [sys.executable, together.__file__, folder, tokenizer_folder, lists, str(devices)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SCRIPTS, ROOT)))},
            check=True,
        )
    return folder


@pytest.mark.parametrize("case", CASES)
def test_two_processes_train_as_one(case: str, trained: Path) -> None:
    alone, first, second = (trained / name for name in (f"1/{case}/0", f"2/{case}/0", f"2/{case}/1"))
    one, two, other = (load_file(path.with_suffix(".safetensors")) for path in (alone, first, second))
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-3, atol=1e-5, msg=name)
        assert torch.equal(two[name], other[name]), name
    histories = [pd.read_parquet(path.parent / "history.parquet") for path in (alone, first)]
    pd.testing.assert_frame_equal(*histories, rtol=1e-5)
    assert len(histories[0]) == 2


@pytest.mark.parametrize("case", ["masked", "gradual", "movement"])
@pytest.mark.parametrize("rank", [0, 1])
def test_every_process_holds_the_masks(case: str, rank: int, trained: Path) -> None:
    written = load_file(trained / "2" / case / f"{rank}.safetensors")
    masks = {name: mask for name, mask in written.items() if name.startswith("mask/")}
    assert masks
    for name, mask in masks.items():
        weight = written[name.removeprefix("mask/")]
        assert not mask.all()
        assert not weight[~mask].any()
        assert weight[mask].all()


@pytest.mark.parametrize("devices", [1, 2])
def test_a_resumed_run_equals_an_uninterrupted_one(devices: int, trained: Path) -> None:
    whole, resumed = (trained / str(devices) / name for name in ("whole", "resumed"))
    pd.testing.assert_frame_equal(
        *(pd.read_parquet(folder / "history.parquet") for folder in (whole, resumed)), check_exact=True
    )
    assert len(list(whole.glob("*.safetensors"))) == devices
    for path in whole.glob("*.safetensors"):
        assert path.read_bytes() == (resumed / path.name).read_bytes()


def test_dropout_of_two_processes_is_no_copy_of_one_half(trained: Path) -> None:
    """With dropout each process draws for its own rows, so that the weights are others than one process's."""
    weights = [load_file(trained / devices / "whole/0.safetensors") for devices in "12"]
    assert any(not torch.allclose(weights[0][name], value) for name, value in weights[1].items())
