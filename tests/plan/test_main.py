"""`python scripts`: the list of commands, and any of them from any folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from plan.commands import command_files
from tests.plan.conftest import ROOT, SCRIPTS


def scripts(folder: Path, *arguments: str, path: Path = SCRIPTS) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(path), *arguments], cwd=folder, text=True, capture_output=True, check=False
    )


@pytest.mark.parametrize("option", [(), ("-h",), ("--help",)])
def test_without_a_command_all_are_listed_by_stage(tmp_path: Path, option: tuple[str, ...]) -> None:
    done = scripts(tmp_path, *option)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: python scripts COMMAND")
    lines = done.stdout.splitlines()
    files = command_files(SCRIPTS)
    assert len(files) >= 40
    for name, file in files.items():
        line = next(line for line in lines if line.startswith(f"  {name} "))
        assert line.removeprefix(f"  {name} ").strip(), f"{name} has no summary"
        assert file.parent.name in lines[: lines.index(line)]


def test_a_command_runs_from_any_folder_by_absolute_or_relative_path(tmp_path: Path) -> None:
    for folder, path in ((tmp_path, SCRIPTS), (ROOT, Path("scripts")), (ROOT / "rules", Path("../scripts"))):
        done = scripts(folder, "summarise_timings", "--help", path=path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("usage: python scripts summarise_timings ")


def test_a_command_gets_its_options_and_its_exit_status(tmp_path: Path) -> None:
    done = scripts(tmp_path, "summarise_timings", "--no-such-option")
    assert done.returncode == 2
    assert "--benchmarks" in done.stderr


def test_a_misspelt_command_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = scripts(tmp_path, "trian")
    assert done.returncode == 1
    assert done.stderr == "error: no command 'trian'; did you mean 'train'? `python scripts` lists them\n"


def test_a_command_like_no_other_is_answered_without_a_guess(tmp_path: Path) -> None:
    assert scripts(tmp_path, "xyzzy").stderr == "error: no command 'xyzzy'; `python scripts` lists them\n"


def test_a_reader_that_goes_away_gives_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(SCRIPTS)], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0
