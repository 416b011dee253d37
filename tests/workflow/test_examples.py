"""The examples at the end of every command's --help: each is there, and runs as a user would paste it."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from write_reference import example_settings

from dsi.base.command import EXAMPLES
from plan.commands import command_files
from plan.config.checked import checked_study

ROOT = Path(__file__).resolve().parents[2]
FILES = command_files(ROOT / "scripts")
# Examples are of the default study; here they run on the smallest, which has other names.
NAMES = {
    r"results/msmarco": "results",
    r"models/study": "models/smoke",
    r"\bstudy\b": "smoke-lists",
    r"\bdsi\b": "smoke",
    r"numpy\.matlib\.randn": "seaborn.matrix.heatmap",
}
# What needs an index with texts, which the smallest study has not, says so.
REFUSED = {"export_documents": "is stored without its text"}


def example(name: str) -> str:
    """The shell commands behind the line "Examples:" of a command's docstring."""
    docstring = ast.get_docstring(ast.parse(FILES[name].read_text(encoding="utf-8"))) or ""
    return textwrap.dedent(docstring.partition(EXAMPLES)[2])


@pytest.fixture
def checkout(smallest: Path, tmp_path: Path) -> Path:
    """A folder as a user's checkout after `make`, to write to."""
    shutil.copytree(smallest / "results/smoke", tmp_path / "results")
    study = checked_study(json.loads((tmp_path / "results/configuration.json").read_text(encoding="utf-8")))
    for name, baseline in (("docid", "smoke"), ("ranked-list", "smoke-lists")):
        file = tmp_path / f"docs/examples/{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(example_settings(study, baseline), encoding="utf-8")
    (tmp_path / "docs/how-to").symlink_to(ROOT / "docs/how-to")
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_every_command_has_an_example_that_writes_nothing_into_the_study(name: str) -> None:
    commands = re.findall(r"python scripts (\w+)", example(name))
    assert name in commands
    assert set(commands) <= set(FILES)
    # Runs are read by some; the last four are what the default study has none of.
    written = re.findall(r"--(?:output|outputs|run|runs|csv|svg|png|markdown|manifest) (\S+)", example(name))
    elsewhere = ("results/compressed", "results/sizes", "results/rounded", "results/latency")
    allowed = ("results/trial", "results/runs/", *elsewhere)
    assert not [path for path in written if not path.startswith(allowed)]


@pytest.mark.parametrize("name", FILES)
def test_the_example_runs(name: str, checkout: Path) -> None:
    script = example(name)
    for pattern, other in NAMES.items():
        script = re.sub(pattern, other, script)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=checkout,
        env={**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1"},
        text=True,
        capture_output=True,
        check=False,
    )
    said = done.stdout + done.stderr
    if name in REFUSED:
        assert REFUSED[name] in said
        assert done.returncode == 1
    else:
        assert done.returncode == 0, said
