"""Two processes with half of each batch train as one does; the others end with the first."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from dsi.base.command import TIMES
from dsi.training.devices import FIRST, check_devices
from dsi.training.settings import SettingsError
from plan.job import RUN, run_name
from tests.conftest import ROOT, SCRIPTS
from tests.ranking.tiny_lists import write_tokenizer
from tests.training import together
from tests.training.conftest import TRAINING
from tests.training.test_docid_training import options, outputs
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


def test_each_process_draws_its_own_dropout(trained: Path) -> None:
    """The first one with the seed that it has alone."""
    alone, first, second = (
        (trained / name).read_text() for name in ("1/whole/0.seed", "2/whole/0.seed", "2/whole/1.seed")
    )
    assert alone == first != second


def until(condition: Callable[[], object]) -> None:
    for _ in range(30_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that within five minutes")


def children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


def ended(process: int) -> bool:
    """Whether it is gone, or nobody has asked yet how it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_job_of_two_processes_ends_as_one_and_is_gone_on_from(
    command: Callable[..., subprocess.CompletedProcess[str]],
    tokenizer_folder: Path,
    collection: Path,
    tmp_path: Path,
) -> None:
    """By the command, as a rule starts it: SIGTERM, then SIGKILL of the first process, then to the end."""
    epochs, log = 60, tmp_path / "job.log"

    def arguments(devices: int) -> list[object]:
        # A low rate, as differences in the last bits grow with each step.
        training = {**TRAINING, "epochs": epochs, "learning_rate": 1e-4, "devices": devices}
        shared = options("atomic", collection, tokenizer_folder, training=training)
        return ["train", "--phase", "E1", *shared, *outputs(tmp_path / str(devices))]

    job = {**os.environ, RUN: run_name(), TIMES: f"{log}.times"}
    for number in (signal.SIGTERM, signal.SIGKILL):
        with log.open("w") as file:
            first = subprocess.Popen(
                [sys.executable, SCRIPTS, *map(str, arguments(2))], env=job, stderr=file, stdout=file
            )
        # An epoch's line is written before its state.
        until(lambda: log.read_text().count(" INFO epoch ") > 1)
        [second] = children(first.pid)
        first.send_signal(number)
        assert first.wait() == (128 + number if number == signal.SIGTERM else -number)
        until(lambda second=second: ended(second))  # type: ignore[misc]
        assert len(list((collection / "state").glob("*/last.ckpt"))) == 1
    done = subprocess.run(
        [sys.executable, SCRIPTS, *map(str, arguments(2))],
        env=job,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("going on from ") == done.stderr.count(f"epoch {epochs}/{epochs}: ") == 1
    assert "epoch 1/" not in done.stderr
    assert Path(f"{log}.times").is_file()
    assert not list((collection / "state").iterdir())
    alone = command(*arguments(1))
    assert alone.returncode == 0, alone.stderr
    histories = [pd.read_parquet(tmp_path / devices / "history.parquet") for devices in "12"]
    columns = ["epoch", "train_loss", "validation_loss"]
    pd.testing.assert_frame_equal(*(history[columns] for history in histories), rtol=1e-3)


def test_a_process_whose_first_one_is_gone_does_not_begin() -> None:
    code = "from dsi.training.devices import begin_beside_the_first as begin; begin()"
    variables = {**os.environ, "PYTHONPATH": str(SCRIPTS), FIRST: "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, text=True, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "error: the process that started this one to train beside it has ended\n"


def test_more_devices_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_devices(2)  # the processor
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_devices(2)
    with pytest.raises(
        SettingsError, match=r"training\.devices: found 3, but this process sees 2 GPUs; .* 2,"
    ):
        check_devices(3)
