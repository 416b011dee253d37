"""What is generated from the models, and the comments of config.yaml, say the same as the models."""

import importlib.util
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from plan.config.outline import Node, child, members, schema
from plan.config.reference import WIDTH, reference
from tests.plan.config.conftest import DEFAULT, ROOT, merged

LINES = (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines()
DEFINITIONS = {"": schema(), **schema()["$defs"]}


class Described(NamedTuple):
    """A key of config.yaml and its description by the models."""

    path: tuple[str, ...]
    description: str


def described(node: Node, value: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Described]:
    if "discriminator" in node:
        node = members(node)[value[node["discriminator"]["propertyName"]]]
    for key, item in value.items():
        below = child(node, key)
        if key in node.get("properties", {}):
            yield Described((*path, key), below["description"])
        if isinstance(item, dict):
            yield from described(below, item, (*path, key))


def comments() -> dict[tuple[str, ...], str]:
    """The comment beside each key of config.yaml, the lines below it included."""
    said: dict[tuple[str, ...], str] = {}
    path: tuple[str, ...] = ()
    for line in LINES:
        if key := re.fullmatch(r"( *)([\w-]+):[^#]*(?:# (.*))?", line):
            path = (*path[: len(key[1]) // 2], key[2])
            said[path] = key[3] or ""
        elif more := re.fullmatch(r" {47}# (.*)", line):
            said[path] += f" {more[1]}"
    return said


def generated() -> dict[Path, str]:
    spec = importlib.util.spec_from_file_location("write_configuration", ROOT / "docs/write_configuration.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    files: dict[Path, str] = module.generated()
    return files


def test_lists_that_a_newcomer_edits_stand_on_one_line_near_the_top() -> None:
    assert any(re.match(r"rates: \[.*\]", line) for line in LINES[:8])
    assert any(re.match(r"seeds: \[.*\]", line) for line in LINES[:8])


def test_every_key_is_explained_beside_it() -> None:
    """By its description, where that stands for the first time; a key explained before needs none."""
    said = comments()
    explained: set[tuple[str, str]] = set()
    for path, description in described(schema(), DEFAULT):
        if (path[-1], description) in explained:
            continue
        assert said[path].startswith(description), f"{'.'.join(path)}: {said[path]!r} is not {description!r}"
        explained.add((path[-1], description))
    assert len(explained) > 80


def test_generated_files_are_those_of_the_models() -> None:
    files = generated()
    assert {path.relative_to(ROOT).as_posix() for path in files} == {
        "schemas/config.schema.json",
        "docs/configuration.md",
    }
    for path, text in files.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run `make docs`"


def test_every_key_is_described_with_an_example_and_others_are_refused() -> None:
    counted = 0
    for name, definition in DEFINITIONS.items():
        assert definition["additionalProperties"] is False, name
        for key in definition["properties"]:
            node = child(definition, key)
            assert node.get("description"), f"{name}.{key}"
            assert node.get("examples") or "properties" in node, f"{name}.{key}"
            counted += 1
    assert counted > 150


def test_the_schema_and_config_yaml_have_the_same_keys() -> None:
    """Those that may be absent are there only for `study`, whose model is made from nothing."""

    def missing(node: Node, value: Any, path: str) -> Iterator[str]:
        if "discriminator" in node:
            node = members(node)[value[node["discriminator"]["propertyName"]]]
        if not isinstance(value, dict):
            return
        yield from (f"{path}.{key}" for key in node.get("required", []) if key not in value)
        for key, item in value.items():
            optional = key in node.get("properties", {}) and key not in node.get("required", [])
            yield from [f"{path}.{key}"] if optional else []
            yield from missing(child(node, key), item, f"{path}.{key}")

    assert list(missing(schema(), DEFAULT, "")) == [
        ".baselines.study.docid_names",
        ".models.study.vocabulary",
        ".models.study.architecture",
    ]


@pytest.mark.parametrize(
    ("overlay", "accepted"),
    [
        ({}, True),
        ({"baselines": {"dsi": {"docids": {"scheme": "naive"}}}}, True),
        ({"threads": 0}, False),
        ({"baselines": {"dsi": {"docids": {"scheme": "atomic", "seed": 1}}}}, False),
        ({"baselines": {"dsi": {"training": {"patience": 0}}}}, False),
        ({"models": {"study": {"vocabulary": None}}}, False),
        ({"criteria": ["best"]}, False),
        ({"seeds": [1, 1]}, False),
    ],
)
def test_an_editor_accepts_what_the_models_accept(overlay: dict[str, Any], accepted: bool) -> None:
    assert jsonschema.Draft202012Validator(schema()).is_valid(merged(DEFAULT, overlay)) is accepted


def test_the_reference_has_short_lines_and_every_link_leads_somewhere() -> None:
    text = reference(DEFAULT)
    assert max(map(len, text.splitlines())) <= WIDTH
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    links = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert links
    assert links <= headings


def test_the_reference_gives_bounds_default_description_and_example() -> None:
    text = reference(DEFAULT)
    assert (
        "- `patience`, a whole number at least 1, or null (default `null`)\\\n"
        "  epochs without a better validation loss before stopping, if nothing is pruned; null: never; for "
        "example `patience: 5`\n"
    ) in text
    assert "- `generated`, a number at least 0 (optional)\\\n" in text
    # Training is described once; the other baseline's section has its own defaults.
    assert text.count("- `checkpointing`") == 1
    assert "the defaults here are `epochs: 25`, `batch_size: 8`" in text.replace("\n", " ")
