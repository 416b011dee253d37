"""What a command imports before it works: of the slow packages those that it uses, and nothing collected."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from plan.commands import command_files
from tests.plan.conftest import SCRIPTS

SLOW = {"ir_datasets", "ir_measures", "jnius", "lightning", "matplotlib", "pandas", "pyserini", "seaborn"}
SLOW |= {"sklearn", "torch", "transformers"}
COMMANDS = command_files(SCRIPTS)


def at_import(nodes: Sequence[ast.stmt]) -> Iterator[str]:
    """Dotted names that importing a file imports: not those inside functions."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
            yield from at_import(node.body)


def slow_packages(command: str) -> set[str]:
    """Those of SLOW that a command imports before its main function, through our modules too."""
    seen: set[Path] = set()
    found: set[str] = set()
    pending = [COMMANDS[command]]
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in at_import(ast.parse(path.read_bytes()).body):
            found.add(name.partition(".")[0])
            file = SCRIPTS.joinpath(*name.split(".")).with_suffix(".py")
            pending += [file] if file.is_file() else []
    return found & SLOW


@pytest.mark.parametrize(
    ("commands", "slow"),
    [
        (("evaluate",), {"ir_measures", "pandas"}),
        (
            (
                "make_explorer",
                "make_reproduction",
                "make_tables",
                "rank_random",
                "search_bm25",
                "summarise_timings",
            ),
            {"pandas"},
        ),
        (
            ("plot_curves", "plot_lost_queries", "plot_rates"),
            {"matplotlib", "pandas", "seaborn"},
        ),
        (("prune", "prune_calibrated", "prune_lists"), {"pandas", "torch", "transformers"}),
        (("train", "train_lists"), {"lightning", "pandas", "torch", "transformers"}),
    ],
)
def test_a_command_imports_no_slow_package_that_it_does_not_use(
    commands: tuple[str, ...], slow: set[str]
) -> None:
    unused = {name: slow_packages(name) - slow - {"ir_measures"} for name in commands}
    assert not any(unused.values()), unused


def test_the_guard_sees_what_is_imported() -> None:
    assert slow_packages("train") >= {"lightning", "pandas", "torch", "transformers"}
    assert "matplotlib" in slow_packages("plot_rates")
    assert "torch" not in slow_packages("evaluate")
