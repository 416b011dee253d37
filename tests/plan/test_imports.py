"""Who may import whom: the library one way, the plan almost nothing of it, commands the library alone."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plan.commands import command_files
from tests.plan.conftest import SCRIPTS

# Lowest first: each may import what stands before it, and itself.
LAYERS = (
    "base",
    "systems",
    "evaluation",
    "docids",
    "bm25",
    "pseudo_queries",
    "collection",
    "model",
    "ranking",
    "pruning",
    "training",
    "efficiency",
    "report",
)
# The last look at files and addresses of a user before any job, and at how far jobs are by their logs.
OF_THE_PLAN = (
    "dsi.systems",
    "dsi.collection.docstrings",
    "dsi.pruning.registry",
    "dsi.base.lines",
    "dsi.base.tables",
    "dsi.collection.corpus_folder",
    "dsi.collection.verification",
    "dsi.base.progress",
)
BY_NAME = {"dsi/pruning/apply.py"}  # a criterion's module, whose digest the rules add
LIBRARY = sorted((SCRIPTS / "dsi").rglob("*.py"))
PLAN = sorted((SCRIPTS / "plan").rglob("*.py"))
COMMANDS = list(command_files(SCRIPTS).values())


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each module that a file imports, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if (SCRIPTS / name.replace(".", "/")).with_suffix(".py").is_file():
                    yield node.lineno, name


def ours(path: Path) -> list[tuple[str, str]]:
    """Where a file imports something of this project, and what."""
    return [
        (f"{path.relative_to(SCRIPTS)}:{line}", name)
        for line, name in imports(path)
        if (SCRIPTS / name.partition(".")[0]).is_dir()
    ]


def layer(path: Path) -> int:
    """The place of a module of the library in LAYERS."""
    return LAYERS.index(path.relative_to(SCRIPTS / "dsi").parts[0].removesuffix(".py"))


def test_every_package_of_the_library_has_its_place() -> None:
    found = {path.relative_to(SCRIPTS / "dsi").parts[0].removesuffix(".py") for path in LIBRARY}
    assert found - {"__init__"} == set(LAYERS)


def test_imports_of_the_library_run_one_way() -> None:
    checked = 0
    upwards = []
    for path in LIBRARY:
        for where, name in ours(path):
            checked += 1
            parts = name.split(".")
            if parts[0] != "dsi" or len(parts) < 2 or LAYERS.index(parts[1]) > layer(path):
                upwards.append(f"{where} imports {name}")
    assert not upwards
    assert len(LIBRARY) > 80
    assert checked > 200


def test_the_plan_imports_nothing_slow_of_the_library() -> None:
    wrong = [
        f"{where} imports {name}"
        for path in PLAN
        for where, name in ours(path)
        if not name.startswith("plan") and name not in OF_THE_PLAN
    ]
    assert not wrong
    assert len(PLAN) > 15


@pytest.mark.parametrize("name", OF_THE_PLAN)
def test_what_the_plan_imports_of_the_library_imports_the_standard_library_and_each_other(name: str) -> None:
    path = (SCRIPTS / name.replace(".", "/")).with_suffix(".py")
    others = {
        module for _, module in imports(path) if module.partition(".")[0] not in sys.stdlib_module_names
    }
    assert others <= set(OF_THE_PLAN)


def test_commands_import_the_library_alone() -> None:
    wrong = [
        f"{where} imports {name}"
        for path in COMMANDS
        for where, name in ours(path)
        if not name.startswith("dsi.")
    ]
    assert not wrong
    assert len(COMMANDS) >= 40


def test_no_import_is_relative() -> None:
    wrong = [
        f"{path.relative_to(SCRIPTS)}:{line}"
        for path in SCRIPTS.rglob("*.py")
        for line, name in imports(path)
        if name.startswith(".")
    ]
    assert not wrong


def test_one_module_imports_by_name() -> None:
    """Such an import is invisible to digests."""
    found = {
        path.relative_to(SCRIPTS).as_posix()
        for path in [*LIBRARY, *PLAN, *COMMANDS]
        for node in ast.walk(ast.parse(path.read_bytes()))
        if (isinstance(node, ast.Attribute) and node.attr == "import_module")
        or (isinstance(node, ast.Name) and node.id in ("import_module", "__import__"))
    }
    assert found == BY_NAME


def test_no_private_name_is_imported() -> None:
    wrong = [
        f"{path.relative_to(SCRIPTS)}:{node.lineno} imports {alias.name}"
        for path in [*LIBRARY, *PLAN, *COMMANDS]
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert not wrong


def test_packages_are_empty() -> None:
    """What an __init__.py imports would be in the digest of everything below."""
    packages = list(SCRIPTS.rglob("__init__.py"))
    assert [path for path in packages if path.read_bytes().strip()] == []
    assert len(packages) > 15


def test_no_file_has_the_name_of_a_module_of_the_standard_library() -> None:
    wrong = [
        path.relative_to(SCRIPTS).as_posix()
        for path in [*SCRIPTS.rglob("*.py"), *(path for path in SCRIPTS.rglob("*") if path.is_dir())]
        if path.stem in sys.stdlib_module_names and path.stem not in ("__main__", "__init__")
    ]
    assert not wrong
