"""What a training keeps until its run has recorded it."""

import errno
import os
from pathlib import Path

import pytest

from dsi.training.finished import keep_finished, put_in_place


@pytest.fixture
def outputs(tmp_path: Path) -> list[Path]:
    """Two outputs of the same name, as a checkpoint's and a run's might be."""
    paths = [tmp_path / "out/a/x.bin", tmp_path / "runs/x.bin"]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_text(f"content of {path.parent.name}")
    return paths


def test_outputs_that_were_thrown_away_come_back(outputs: list[Path], tmp_path: Path) -> None:
    keep_finished(outputs, tmp_path / "state")
    assert outputs[0].stat().st_nlink == 2  # no second copy
    for path in outputs:
        path.unlink()
    assert put_in_place(tmp_path / "state", outputs)
    assert [path.read_text() for path in outputs] == ["content of a", "content of runs"]
    assert put_in_place(tmp_path / "state", outputs)  # however often
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["x.bin"]


def test_what_is_not_whole_or_not_all_is_not_used(outputs: list[Path], tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert not put_in_place(state, outputs)
    keep_finished(outputs, state)
    assert not put_in_place(state, [*outputs, tmp_path / "elsewhere.trec.gz"])
    outputs[0].write_text("con")  # the same file by another name
    assert not put_in_place(state, outputs)
    keep_finished(outputs, state)
    (state / "finished/1").unlink()
    assert not put_in_place(state, outputs)


def test_without_links_they_are_copied(
    outputs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    keep_finished(outputs, tmp_path / "state")
    assert outputs[0].stat().st_nlink == 1
    outputs[0].unlink()
    assert put_in_place(tmp_path / "state", outputs)
    assert outputs[0].read_text() == "content of a"
