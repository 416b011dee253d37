"""Where results come from."""

import json
import subprocess
from pathlib import Path

from dsi.report.origin import commit, origin_words, processor


def test_it_names_the_command_of_the_run_that_holds_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text(json.dumps({"pid": 1, "command": "snakemake --cores 2"}))
    words = origin_words(tmp_path)
    assert words.startswith("Made by commit ") and "; `snakemake --cores 2`; " in words
    assert "torch " in words and "Python 3." in words
    (tmp_path / ".lock").write_text("")
    assert "`" not in origin_words(tmp_path)


def test_a_checkout_that_differs_from_its_commit_says_so(tmp_path: Path) -> None:
    assert commit(tmp_path) == "unknown"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "file").write_text("1")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    clean = commit(tmp_path)
    assert len(clean) == 12
    (tmp_path / "file").write_text("2")
    assert commit(tmp_path) == f"{clean}-dirty"


def test_the_processor_is_named_as_linux_names_it(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name : Made Up 3000\nmodel name : other\n")
    assert processor(tmp_path / "cpuinfo") == "Made Up 3000"
