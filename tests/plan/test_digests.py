"""Digests of code: what a command imports, found as Python finds it; what it does, not its words."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dsi.pruning.registry import CRITERIA, one_shot
from plan.commands import Commands, command_files
from plan.digests import LEFT_OUT, code_digest, imported_files
from plan.inputs import criterion_file
from tests.plan.conftest import SCRIPTS

COMMANDS = command_files(SCRIPTS)
IMPORTS = """
import importlib, json, os, sys
import lightning, matplotlib.pyplot, pandas, torch, transformers
sys.path.insert(0, sys.argv[1])
for name, module in json.loads(sys.argv[2]).items():
    child = os.fork()
    if not child:
        importlib.import_module(module)
        files = [getattr(item, "__file__", None) for item in list(sys.modules.values())]
        print(json.dumps([name, [file for file in files if file]]), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{name} cannot be imported")
"""
CRITERION = '''"""Largest weights first."""

from dsi.pruning.evidence import Evidence


def prune(weights, names, rate, evidence: Evidence):
    return weights
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "stage").mkdir()
    (tmp_path / "lib/__init__.py").write_text("")
    (tmp_path / "lib/used.py").write_text("def f():\n    from lib import deep\n")
    (tmp_path / "lib/deep.py").write_text("import json\n")
    (tmp_path / "lib/unused.py").write_text("")
    (tmp_path / "stage/run.py").write_text("from lib.used import f\n")
    return tmp_path


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[], Path]:
    """Copies scripts/ to a fresh folder each time: what was read of an edited file is not read again."""
    copies = iter(range(1000))

    def copy() -> Path:
        folder = tmp_path / str(next(copies))
        return Path(shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__")))

    return copy


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """The folder, with a text of one of its files replaced; the text must be there."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def digests(scripts: Path) -> dict[str, str]:
    """Of every command, and as rules extend them: pruning by each criterion, and training that prunes."""
    commands = Commands(scripts)
    by_criterion = {
        f"prune {name}": commands.digest("prune", criterion_file(name))
        for name, row in CRITERIA.items()
        # That of a part of the model has the file of the whole.
        if one_shot(name) and row.part is None
    }
    gradual = {
        f"gradual {name}": commands.digest(name, "dsi/pruning/in_training.py")
        for name in ("train", "train_lists")
    }
    return {name: commands.digest(name) for name in commands.files} | by_criterion | gradual


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


def test_imports_are_followed_even_inside_functions(project: Path) -> None:
    found = imported_files(project, project / "stage/run.py")
    names = {path.relative_to(project).as_posix() for path in found}
    assert names == {"stage/run.py", "lib/__init__.py", "lib/used.py", "lib/deep.py"}


def test_several_starts_are_followed_together(project: Path) -> None:
    found = imported_files(project, project / "lib/deep.py", project / "lib/unused.py")
    assert {path.name for path in found} == {"deep.py", "unused.py"}


def test_only_the_content_of_what_is_imported_counts(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = code_digest(project, project / "stage/run.py")
    os.utime(project / "lib/deep.py", (1, 1))
    (project / "lib/unused.py").write_text("x = 1\n")
    moved = Path(shutil.copytree(project, tmp_path_factory.mktemp("moved") / "elsewhere"))
    assert code_digest(moved, moved / "stage/run.py") == before
    other = Path(shutil.copytree(project, tmp_path_factory.mktemp("other") / "elsewhere"))
    (other / "lib/deep.py").write_text("import json\nx = 1\n")
    assert code_digest(other, other / "stage/run.py") != before


def test_a_renamed_module_is_other_code(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = code_digest(project, project / "stage/run.py")
    other = Path(shutil.copytree(project, tmp_path_factory.mktemp("other") / "elsewhere"))
    (other / "lib/used.py").rename(other / "lib/renamed.py")
    (other / "stage/run.py").write_text("from lib.renamed import f\n")
    assert code_digest(other, other / "stage/run.py") != before


@pytest.mark.parametrize(
    "text",
    [
        '"""A module."""\n\n\ndef f(x):\n    """Adds."""\n    return x + 1  # one\n',
        '"""The module, in\n\nother words."""\n\ndef f(x):\n    return x + 1\n',
        "# nothing said\ndef f(x):\n\n    return (x + 1)\n",
    ],
)
def test_docstrings_comments_and_layout_do_not_count(tmp_path: Path, text: str) -> None:
    (tmp_path / "plain.py").write_text("def f(x):\n    return x + 1\n")
    plain = code_digest(tmp_path, tmp_path / "plain.py")
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "plain.py").write_text(text)
    assert code_digest(folder, folder / "plain.py") == plain


def test_a_text_that_is_no_docstring_counts(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('NAME = "one"\n')
    (tmp_path / "b").mkdir()
    (tmp_path / "b/a.py").write_text('NAME = "two"\n')
    assert code_digest(tmp_path, tmp_path / "a.py") != code_digest(tmp_path / "b", tmp_path / "b/a.py")


def test_every_command_has_a_digest_and_no_two_the_same() -> None:
    found = digests(SCRIPTS)
    assert len(found) > 40
    assert len(set(found.values())) == len(found)


def test_a_reworded_docstring_or_comment_changes_nothing(copied: Callable[[], Path]) -> None:
    before = digests(copied())
    folder = copied()
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"""', '"""Reworded. ', 1) + "\n# a comment\n", encoding="utf-8")
    assert changed(before, digests(folder)) == set()


def test_a_new_criterion_leaves_the_others_fresh(copied: Callable[[], Path]) -> None:
    before = digests(copied())
    folder = edited(
        copied(),
        "dsi/pruning/registry.py",
        '    "magnitude": Criterion("magnitude"),\n',
        '    "magnitude": Criterion("magnitude"),\n    "largest": Criterion("largest"),\n',
    )
    (folder / "dsi/pruning/criteria/largest.py").write_text(CRITERION)
    assert changed(before, digests(folder)) == set()
    assert Commands(folder).digest("prune", "dsi/pruning/criteria/largest.py") not in before.values()


def test_an_edited_criterion_is_stale_alone(copied: Callable[[], Path]) -> None:
    before = digests(copied())
    folder = copied()
    path = folder / criterion_file("random")
    path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    assert changed(before, digests(folder)) == {"prune random"}


def test_an_edited_list_objective_retrains_no_docid_model(copied: Callable[[], Path]) -> None:
    before = digests(copied())
    folder = copied()
    path = folder / "dsi/training/objectives/ranked_list.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    assert changed(before, digests(folder)) == {"train_lists", "gradual train_lists"}


@pytest.mark.parametrize("module", ["in_training", "gradual", "iterative", "movement"])
def test_edited_pruning_in_training_retrains_no_other_model(module: str, copied: Callable[[], Path]) -> None:
    before = digests(copied())
    folder = copied()
    path = folder / f"dsi/pruning/{module}.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    assert changed(before, digests(folder)) == {"gradual train", "gradual train_lists"}


def test_what_is_left_out_is_there() -> None:
    assert all((SCRIPTS / name).is_file() for name in LEFT_OUT)


def test_there_are_commands_to_guard() -> None:
    assert len(COMMANDS) >= 40


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """The files of all modules that importing a command loads, by command.

    Each is imported in a process of its own, forked from one that has loaded the slow packages, none of ours.
    """
    modules = {
        name: ".".join(path.relative_to(SCRIPTS).with_suffix("").parts) for name, path in COMMANDS.items()
    }
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, str(SCRIPTS), json.dumps(modules)],
        text=True,
        capture_output=True,
        check=True,
    )
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_nothing_that_python_loads_is_missed(name: str, loaded: dict[str, list[str]]) -> None:
    """Every module of ours that importing the command loads is in its digest, or behind one left out."""
    ours = {Path(path) for path in loaded[name] if Path(path).is_relative_to(SCRIPTS)}
    assert COMMANDS[name] in ours
    left_out = [SCRIPTS / path for path in LEFT_OUT]
    assert ours <= imported_files(SCRIPTS, COMMANDS[name], *left_out)
    assert imported_files(SCRIPTS, COMMANDS[name]).isdisjoint(left_out)
