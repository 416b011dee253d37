"""Digests of code: a command together with every module of this project that it imports.

The imports are read with `ast`, anew at each start, so there is no list to keep in step with the code.
Docstrings and comments do not count: a reworded sentence makes nothing stale. Relative imports and imports by
name are invisible here; the project has none but that of a criterion's module, which is given as a start.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# Tables that say which command runs, and with which files: both are in a job's digest by themselves, and one
# more row must leave the jobs of the other rows fresh.
LEFT_OUT = ("dsi/pruning/registry.py",)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_digest(root: Path, *starts: Path) -> str:
    """A digest of what some files and all that they import do, 16 hex digits.

    Times and paths outside `root` do not enter: the same code in another checkout has the same digest.

    Args:
        root: the folder that imports are found in.
        starts: the files to begin with, below it.
    """
    digest = hashlib.sha256()
    for path in sorted(imported_files(root, *starts)):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(meaning(path).encode())
    return digest.hexdigest()[:16]


def imported_files(root: Path, *starts: Path) -> set[Path]:
    """The files and the modules below the root that they import, directly or through others; not LEFT_OUT."""
    found: set[Path] = set()
    left_out = {root / name for name in LEFT_OUT}
    pending = list(starts)
    while pending:
        path = pending.pop()
        if path not in found | left_out:
            found.add(path)
            pending.extend(_local_imports(path, root))
    return found


@cache
def meaning(path: Path) -> str:
    """A file's syntax without docstrings and comments."""
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


@cache
def _local_imports(path: Path, root: Path) -> tuple[Path, ...]:
    tree = ast.parse(path.read_bytes())
    names = {name for node in ast.walk(tree) for name in _imported_names(node)}
    return tuple(file for name in sorted(names) for file in _module_files(name, root))


def _imported_names(node: ast.AST) -> Iterator[str]:
    """Dotted names that an import statement may load: `from a import b` gives a and a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module_files(name: str, root: Path) -> Iterator[Path]:
    """Files that importing `a.b` runs: a/__init__.py and a/b.py, as far as they are ours."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        base = root.joinpath(*parts[:length])
        for candidate in (base.with_suffix(".py"), base / "__init__.py"):
            if candidate.is_file():
                yield candidate
