"""Digests of code: a script together with every module of this project that it imports.

The imports are read with `ast`, anew at each start, so there is no list to keep in step with the code.
Does not know Snakemake.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def code_digest(script: Path) -> str:
    """A digest of the script's content and of all it imports from beside it, 16 hex digits.

    Times and paths do not enter: the same files in another checkout have the same digest.
    """
    digest = hashlib.sha256()
    for path in sorted(imported_files(script), key=lambda path: path.relative_to(script.parent)):
        digest.update(path.relative_to(script.parent).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def imported_files(script: Path) -> set[Path]:
    """The script and the modules below its folder that it imports, directly or through others."""
    found: set[Path] = set()
    pending = [script]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending.extend(_local_imports(path, script.parent))
    return found


@cache
def _local_imports(path: Path, folder: Path) -> tuple[Path, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {name for node in ast.walk(tree) for name in _imported_names(node)}
    return tuple(file for name in sorted(names) for file in _module_files(name, folder))


def _imported_names(node: ast.AST) -> Iterator[str]:
    """Dotted names that an import statement may load: `from a import b` gives a and a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module_files(name: str, folder: Path) -> Iterator[Path]:
    """Files that importing `a.b` runs: a/__init__.py and a/b.py, as far as they are ours."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        base = folder.joinpath(*parts[:length])
        for candidate in (base.with_suffix(".py"), base / "__init__.py"):
            if candidate.is_file():
                yield candidate
