"""Files are replaced whole or not at all, and equal content gives equal bytes."""

import json
import os
import stat
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from dsi.base.files import (
    file_digest,
    replacing,
    replacing_files,
    write_json,
    write_parquet,
    write_text,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_replacing_moves_the_whole_file_into_new_folders(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "table.csv"
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".csv"  # a writer that looks at the suffix chooses the same form
        assert temporary.parent == target.parent  # a rename is atomic in one file system only
        assert not target.exists()
    assert target.read_text() == "new"
    assert names(target.parent) == ["table.csv"]


def test_an_error_keeps_the_old_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(target) as temporary:
        temporary.write_text("half of the n")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_a_writer_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(target):
        pass
    assert target.read_text() == "old"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o002, 0o664), (0o077, 0o600)])
def test_files_have_the_mode_that_the_umask_gives_whatever_wrote_them(
    tmp_path: Path, umask: int, mode: int
) -> None:
    """safetensors writes files that their owner alone may read."""
    tensors = {"weight": torch.ones(2)}
    before = os.umask(umask)
    try:
        with replacing(tmp_path / "one.safetensors") as temporary:
            save_file(tensors, temporary)
            assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        with replacing_files(tmp_path / "folder") as folder:
            save_file(tensors, folder / "model.safetensors")
            (folder / "config.json").write_text("{}")
        write_parquet(pd.DataFrame({"a": [1]}), tmp_path / "a.parquet")
    finally:
        os.umask(before)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {mode}


def test_text_is_utf8_and_unchanged(tmp_path: Path) -> None:
    write_text("0.6 ± 0.1\n", tmp_path / "tables.md")
    assert (tmp_path / "tables.md").read_bytes() == b"0.6 \xc2\xb1 0.1\n"


def test_json_is_sorted_indented_and_ends_its_line(tmp_path: Path) -> None:
    write_json({"b": [1], "a": None}, tmp_path / "x.json")
    assert (tmp_path / "x.json").read_text() == '{\n  "a": null,\n  "b": [\n    1\n  ]\n}\n'


def test_json_keeps_every_digit(tmp_path: Path) -> None:
    value = 0.1 + 0.2
    write_json({"MAP": value}, tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text()) == {"MAP": value}


def test_json_refuses_nan_and_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    target.write_text("old")
    with pytest.raises(ValueError, match="JSON"):
        write_json({"MAP": float("nan")}, target)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["x.json"]


def test_parquet_has_no_index_and_equal_frames_give_equal_files(tmp_path: Path) -> None:
    frame = pd.DataFrame({"qid": ["1", "2"], "loss": [0.5, 1.5]}, index=[7, 3])
    write_parquet(frame, tmp_path / "a.parquet")
    write_parquet(frame, tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "a.parquet"), frame.reset_index(drop=True), check_dtype=False
    )
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    with replacing(tmp_path / "x.txt") as temporary:
        assert str(os.getpid()) in temporary.name
        temporary.write_text("")


def test_files_of_a_folder_are_replaced_together_and_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    for name in ("config.json", "history.parquet"):
        (folder / name).write_text("old")
    with replacing_files(folder) as temporary:
        (temporary / "config.json").write_text("new")
        assert (folder / "config.json").read_text() == "old"
    assert (folder / "config.json").read_text() == "new"
    assert (folder / "history.parquet").read_text() == "old"
    assert names(tmp_path) == ["checkpoint"]


def test_an_error_leaves_a_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    with pytest.raises(ZeroDivisionError), replacing_files(folder) as temporary:
        (temporary / "config.json").write_text("new")
        raise ZeroDivisionError
    assert names(folder) == []
    assert names(tmp_path) == ["checkpoint"]


def test_a_digest_is_that_of_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(tmp_path / "x") == expected
