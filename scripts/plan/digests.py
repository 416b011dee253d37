"""Digests of code: a command together with every module of this project that it imports.

The imports are read with `ast`, anew at each start, so there is no list to keep in step with the code.
Docstrings and comments do not count: a reworded sentence makes nothing stale. Relative imports and imports by
name are invisible here; the project has none but that of a criterion's file, which its rule gives as a start.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

# Not followed, because most jobs that import them do not use them; where one does, its rule gives the file as
# a start. The registry says which command runs with which criterion's file: another row is nobody else's.
# Both trainings import pruning in training, and one rule of five asks for it.
LEFT_OUT = ("dsi/pruning/registry.py", "dsi/pruning/in_training.py")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Source(NamedTuple):
    """What counts of a file: its meaning, as a digest, and the dotted names that it imports."""

    meaning: str
    imports: tuple[str, ...]


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
        digest.update(read_source(path).meaning.encode())
    return digest.hexdigest()[:16]


def imported_files(root: Path, *starts: Path) -> set[Path]:
    """The files and the modules below the root that they import, directly or through others.

    LEFT_OUT is not followed unless it is among the starts.
    """
    found: set[Path] = set()
    ignored = {root / name for name in LEFT_OUT} - set(starts)
    pending = list(starts)
    while pending:
        path = pending.pop()
        if path not in found | ignored:
            found.add(path)
            pending.extend(file for name in read_source(path).imports for file in _module_files(name, root))
    return found


@cache
def read_source(path: Path) -> Source:
    """A file's syntax without docstrings and comments, and its imports, those inside functions too."""
    tree = ast.parse(path.read_bytes())
    names = {name for node in ast.walk(tree) for name in _imported_names(node)}
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    meaning = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    return Source(meaning, tuple(sorted(names)))


def _imported_names(node: ast.AST) -> Iterator[str]:
    """Dotted names that an import statement may load: `from a import b` gives a and a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _module_files(name: str, root: Path) -> tuple[Path, ...]:
    """Files that importing `a.b` runs: a/__init__.py and a/b.py, as far as they are ours."""
    parts = name.split(".")
    bases = [root.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    candidates = [file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py")]
    return tuple(file for file in candidates if file.is_file())
