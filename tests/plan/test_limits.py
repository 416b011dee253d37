"""How long a file and a function may be, and how many lines all rules have together."""

import ast
from collections.abc import Iterator
from pathlib import Path

from plan.commands import command_files
from tests.plan.conftest import ROOT, SCRIPTS

MODULE, FUNCTION, COMMAND, RULES, SNAKEFILE = 300, 45, 90, 1200, 90
LIBRARY = [path for folder in ("dsi", "plan") for path in sorted((SCRIPTS / folder).rglob("*.py"))]
COMMANDS = list(command_files(SCRIPTS).values())


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of each function of a file, from its first decorator to its last line."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def longer(paths: list[Path], limit: int) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {lines(path)} lines" for path in paths if lines(path) > limit]


def test_modules_of_the_library() -> None:
    assert longer(LIBRARY, MODULE) == []
    assert len(LIBRARY) > 100


def test_commands() -> None:
    assert longer(COMMANDS, COMMAND) == []
    assert len(COMMANDS) >= 40


def test_functions() -> None:
    found = [(path, name, length) for path in [*LIBRARY, *COMMANDS] for name, length in functions(path)]
    long = [
        f"{path.relative_to(ROOT)}: {name}, {length} lines"
        for path, name, length in found
        if length > FUNCTION
    ]
    assert long == []
    assert len(found) > 500


def test_rules() -> None:
    rules = sorted((ROOT / "rules").glob("*.smk"))
    assert sum(map(lines, rules)) <= RULES
    assert len(rules) == 10
    assert lines(ROOT / "Snakefile") <= SNAKEFILE
