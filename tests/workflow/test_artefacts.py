"""schemas/artefacts.yaml says what the smallest study's files hold; its page repeats it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import write_artefacts
from write_artefacts import Artefact, Column

ARTEFACTS = list(write_artefacts.artefacts())
TYPES = {"text", "whole number", "number", "true or false", "list", "object"}
KINDS = {
    r"(large_)?string": "text",
    r"u?int\d+": "whole number",
    r"float|double": "number",
    r"bool": "true or false",
    r"list<.*>": "list",
}
OF_JSON = {
    type(None): "",  # of no type
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    list: "list",
    dict: "object",
}

WIDER = {"number": ("whole number",)}  # JSON writes 1 for 1.0


@pytest.fixture(scope="module")
def results(smallest: Path) -> Path:
    return smallest / "results" / "smoke"


def kind_of(path: str) -> Artefact | None:
    """The first kind that a path is of."""
    return next((item for item in ARTEFACTS if write_artefacts.pattern(item.path).fullmatch(path)), None)


def held(path: Path) -> dict[str, str] | None:
    """Name → type of a file's columns or keys; of a CSV without types, of other formats nothing."""
    if path.suffix == ".parquet":
        kinds = {field.name: str(field.type) for field in pq.read_schema(path)}
        return {
            name: next(word for kind, word in KINDS.items() if re.fullmatch(kind, written))
            for name, written in kinds.items()
        }
    if path.suffix == ".csv":
        return dict.fromkeys(pd.read_csv(path, nrows=0).columns, "")
    if path.suffix == ".json":
        return {
            name: OF_JSON[type(value)] for name, value in json.loads(path.read_text(encoding="utf-8")).items()
        }
    return None


def described(name: str, columns: tuple[Column, ...]) -> Column | None:
    return next((one for one in columns if write_artefacts.pattern(one.name).fullmatch(name)), None)


def faults(found: Mapping[str, str], columns: tuple[Column, ...]) -> list[str]:
    """What a file holds that is not described, is of another type, or is missing."""
    said = {name: described(name, columns) for name in found}
    faults = [f"{name}: not described" for name, one in said.items() if one is None]
    faults += [
        f"{name}: {found[name]}, described as {one.type}"
        for name, one in said.items()
        if one and found[name] not in ("", one.type, *WIDER.get(one.type, ()))
    ]
    needed = {one.name for one in columns if not one.optional}
    return faults + [
        f"{name}: missing" for name in sorted(needed - {one.name for one in said.values() if one})
    ]


def test_the_page_is_what_the_schema_gives() -> None:
    for path, text in write_artefacts.generated().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run `make docs`"


def test_types_are_of_a_few_words() -> None:
    assert {one.type for item in ARTEFACTS for one in item.columns or ()} <= TYPES


def test_every_file_of_a_study_is_described(results: Path) -> None:
    paths = [path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()]
    assert len(paths) > 200
    assert [path for path in paths if kind_of(path) is None] == []


def test_files_hold_what_is_said_of_them(results: Path) -> None:
    seen: dict[str, list[str]] = {}
    for path in sorted(path for path in results.rglob("*") if path.is_file()):
        kind, found = (
            kind_of(path.relative_to(results).as_posix()),
            held(path) if path.suffix != ".times" else None,
        )
        if kind is not None and kind.columns is not None and found is not None:
            seen.setdefault(kind.path, []).extend(faults(found, kind.columns))
    assert len(seen) > 20
    assert {path: said for path, said in seen.items() if said} == {}


def test_what_differs_is_named() -> None:
    columns = (
        Column("qid", "text", False, ""),
        Column("{split}/MAP", "number", True, ""),
        Column("k", "text", False, ""),
    )
    assert faults({"qid": "number", "test/MAP": "number", "docid": "text"}, columns) == [
        "docid: not described",
        "qid: number, described as text",
        "k: missing",
    ]
