"""The embedded collection: docstrings of installed Python packages, read and never imported.

A document is the body of a public function's or class's docstring, its docid the qualified name; a
query is a summary line, and the documents whose summary line it is are relevant to it. The sources
are the `.py` files that the installed distribution's own record lists, parsed with `ast`, so the same
pinned versions give the same collection on every machine. Imports the standard library only: the Snakefile
reads the versions at every start.

Docstring sections follow the numpydoc format: a title underlined with dashes (or equals signs).
"""

import ast
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import NamedTuple

# A body below this is a stub ("See numpy.foo"), a summary below this names nothing to search for.
MIN_BODY_WORDS = 12
MIN_SUMMARY_WORDS = 3

_SECTION = re.compile(r"^(?P<title>[A-Za-z][A-Za-z /()-]*)\n[-=]{3,}[ \t]*$", re.MULTILINE)


class Docstring(NamedTuple):
    """One public definition's docstring: `name` is the qualified name, `summary` one line."""

    name: str
    summary: str
    body: str


class UnknownPackageError(LookupError):
    """A configured package is not installed; the message names it."""


def package_version(distribution: str) -> str:
    """The installed version of a distribution, e.g. `'2.4.6'`.

    Raises:
        UnknownPackageError: the distribution is not installed.
    """
    try:
        return metadata.version(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        raise UnknownPackageError(
            f"package {distribution!r} is not installed; "
            "expected the name of a package that envs/requirements.txt pins, for example numpy"
        ) from None


def read_packages(distributions: list[str]) -> list[Docstring]:
    """All usable docstrings of the distributions, sorted by qualified name, bodies deduplicated.

    Of several definitions with the same body (aliases, copies) the first by name stays.

    Raises:
        UnknownPackageError: a distribution is not installed.
    """
    found = [doc for name in distributions for doc in _read_distribution(name)]
    unique: dict[str, Docstring] = {}
    names: set[str] = set()
    for doc in sorted(found):
        # Redefinitions under `if`/`try` share a name; the first in sorted order stands for all.
        if doc.name not in names:
            names.add(doc.name)
            unique.setdefault(" ".join(doc.body.split()), doc)
    return list(unique.values())


def parse_docstring(name: str, docstring: str) -> Docstring | None:
    """Split a docstring into summary line and body; None if either is too short to search.

    The summary is the first paragraph on one line. The body is the rest without its See Also
    section, which quotes the summary lines of other definitions.
    """
    summary, _, body = docstring.strip().partition("\n\n")
    summary = " ".join(summary.split())
    body = _without_section(body, "see also").strip()
    if len(summary.split()) < MIN_SUMMARY_WORDS or len(body.split()) < MIN_BODY_WORDS:
        return None
    return Docstring(name, summary, body)


def definitions(source: str, module: str) -> Iterator[tuple[str, str]]:
    """(qualified name, docstring) of the public functions and classes of a module's source."""
    for node in _top_level(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            docstring = ast.get_docstring(node)
            if docstring and not node.name.startswith("_"):
                yield f"{module}.{node.name}", docstring


def public_module(path: PurePosixPath) -> str | None:
    """Dotted module name of a source file, or None for tests, private modules and other files."""
    if path.suffix != ".py" or ".." in path.parts:
        return None
    parts = path.with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    is_test = any(part in ("testing", "conftest") or part.startswith("test") for part in parts)
    if is_test or any(part.startswith("_") for part in parts):
        return None
    return ".".join(parts)


def _top_level(module: ast.Module) -> Iterator[ast.stmt]:
    """Statements of a module, and those under its `if` and `try`, which also define what is public."""
    pending: list[ast.stmt] = list(module.body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.If):
            pending = node.body + node.orelse + pending
        elif isinstance(node, ast.Try):
            handlers = [statement for handler in node.handlers for statement in handler.body]
            pending = node.body + handlers + node.orelse + node.finalbody + pending
        else:
            yield node


def _read_distribution(distribution: str) -> Iterator[Docstring]:
    package_version(distribution)  # refuses one that is not installed
    files = metadata.files(distribution) or []
    for file in sorted(files, key=str):
        module = public_module(PurePosixPath(str(file)))
        if module is None:
            continue
        source = Path(str(file.locate())).read_text(encoding="utf-8")
        for name, docstring in definitions(source, module):
            parsed = parse_docstring(name, docstring)
            if parsed is not None:
                yield parsed


def _without_section(body: str, title: str) -> str:
    """The body without the numpydoc section of that title (lower case)."""
    for heading in _SECTION.finditer(body):
        if heading["title"].strip().lower() == title:
            following = _SECTION.search(body, heading.end())
            return body[: heading.start()] + (body[following.start() :] if following else "")
    return body
