"""Write docs/reference/artefacts.md from schemas/artefacts.yaml: what lies in a study's results folder.

    .venv/bin/python docs/write_artefacts.py

The same records are what the test of the schema holds against a study: tests/workflow/test_artefacts.py.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml
from generated_pages import ROOT, write_pages

SCHEMA = ROOT / "schemas" / "artefacts.yaml"
PAGE = ROOT / "docs" / "reference" / "artefacts.md"
INTRODUCTION = """\
# Files of a study

Every file below the results folder, of a study that asks for everything. `make docs` writes this from
[schemas/artefacts.yaml](../../schemas/artefacts.yaml), and a test holds it against a study: files, columns,
keys and types. `{name}` stands for what changes. A `{system}` is a path such as `baselines/dsi/seed1/dense`,
`pruned/dsi/seed1/magnitude-0.5` or `recovered/dsi/seed1/magnitude-0.5`, or a reference such as `bm25`.
"""


class Column(NamedTuple):
    """A column of a table or a key of an object; type: text, number, whole number, true or false, …"""

    name: str
    type: str
    optional: bool
    meaning: str


class Artefact(NamedTuple):
    """A kind of file; columns: None where the format says what it holds."""

    section: str
    path: str
    what: str
    columns: tuple[Column, ...] | None


def pattern(text: str) -> re.Pattern[str]:
    """What a path or a name with {placeholders} matches; {system} also several folders."""
    parts = re.split(r"(\{\w+\})", text)
    deep = ("{system}", "{job}", "{state}")
    return re.compile(
        "".join(
            (".+" if part in deep else "[^/]*") if part.startswith("{") else re.escape(part) for part in parts
        )
    )


def column(name: str, words: str) -> Column:
    """A column as it is written: `type: meaning`, the type with ? where it may be absent."""
    kind, _, meaning = words.partition(":")
    return Column(name, kind.removesuffix("?"), kind.endswith("?"), meaning.strip())


def artefacts() -> Iterator[Artefact]:
    """All of them, in the order of the file."""
    for section in yaml.safe_load(SCHEMA.read_text(encoding="utf-8")):
        for item in section["artefacts"]:
            holds = item.get("holds")
            columns = None if holds is None else tuple(column(*pair) for pair in holds.items())
            yield Artefact(section["section"], item["path"], item["what"], columns)


def page() -> str:
    """The page: a section for each part of the folder, a table of columns for each file that has some."""
    lines, section = [INTRODUCTION], ""
    for item in artefacts():
        if item.section != section:
            section = item.section
            lines.append(f"## {section}\n")
        lines.append(f"**`{item.path}`**: {item.what}\n")
        if item.columns:
            lines.append("| name | type | meaning |\n|:--|:--|:--|")
            lines += [row(one) for one in item.columns]
            lines[-1] += "\n"
    return "\n".join(lines)


def row(one: Column) -> str:
    """The row of a column."""
    kind = f"{one.type}, may be absent" if one.optional else one.type
    return f"| `{one.name}` | {kind} | {one.meaning} |"


def generated() -> dict[Path, str]:
    """The text of each generated file."""
    return {PAGE: page()}


if __name__ == "__main__":
    write_pages(generated())
