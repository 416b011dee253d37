"""The JSON schema of a configuration, and in words what it says of one place.

The schema is made from the models; messages and the reference are made from the schema.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from math import inf
from typing import Any, NamedTuple

import yaml
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from plan.config.study import Study

Node = Mapping[str, Any]

_TYPES = {
    "array": "a list",
    "object": "a mapping",
    "string": "text",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
}
_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


class _Generator(GenerateJsonSchema):
    """Without titles that repeat the key, and without null as the default of keys that may be absent."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


class Place(NamedTuple):
    """A place of a configuration.

    keys: its path as in the YAML, without the tags of unions. node: what may stand there. parent: the mapping
    or list that it belongs to. named: what may stand at its last key that is text; of an item, its list.
    """

    keys: tuple[str | int, ...]
    node: Node
    parent: Node
    named: Node


@cache
def schema() -> Node:
    """The JSON schema of a whole configuration, that is of config.yaml with its overlays."""
    generated = Study.model_json_schema(schema_generator=_Generator)
    return {"$schema": GenerateJsonSchema.schema_dialect, **generated}


def resolved(node: Node) -> Node:
    """A node with references followed, and `null: True` beside the other type where null is allowed, too."""
    if "$ref" in node:
        definition = schema()["$defs"][node["$ref"].rsplit("/", 1)[1]]
        node = {**definition, **{key: value for key, value in node.items() if key != "$ref"}}
    if "anyOf" in node:
        others = [part for part in node["anyOf"] if part != {"type": "null"}]
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        if len(others) == 1:
            node = {**resolved(others[0]), **rest, "null": True}
    return node


def child(node: Node, part: str | int) -> Node:
    """What may stand at a key of a mapping or at an item of a list; empty where the key is unknown."""
    if isinstance(part, int):
        lists = [node, *node.get("anyOf", ())]
        return resolved(next((part["items"] for part in lists if "items" in part), {}))
    named: Node = next(iter(node.get("patternProperties", {}).values()), {})
    return resolved(node.get("properties", {}).get(part, named))


def members(union: Node) -> dict[str, Node]:
    """The nodes of a union by the values of the key that tells them apart, in the order of the models."""
    key = union["discriminator"]["propertyName"]
    nodes = [resolved(member) for member in union["oneOf"]]
    return {node["properties"][key]["const"]: node for node in nodes}


def place(loc: Sequence[str | int]) -> Place:
    """The place that pydantic's `loc` of an error names.

    A loc holds the tags of unions, too; only the schema tells them from keys: a baseline may be named docid.
    """
    keys: list[str | int] = []
    node = parent = named = schema()
    for part in loc:
        if "discriminator" in node:
            node = members(node)[str(part)]
            continue
        parent, node = node, child(node, part)
        named = node if isinstance(part, str) else named
        keys.append(part)
    return Place(tuple(keys), node, parent, named)


def words(node: Node) -> str:
    """What may stand at a node: "a number above 0 and below 1"."""
    if "anyOf" in node:
        return " or ".join(map(words, node["anyOf"]))
    if "enum" in node or "const" in node:
        return f"one of {', '.join(node.get('enum', [node.get('const')]))}"
    kind = "a mapping" if "discriminator" in node else _TYPES[node["type"]]
    bounds = [f"{word} {node[key]}" for key, word in _BOUNDS.items() if key in node]
    return " ".join([kind + (" or null" if "null" in node else ""), " and ".join(bounds)]).rstrip()


def as_yaml(value: Any) -> str:
    """A value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=inf).removesuffix("...\n").strip()


def example(node: Node, key: str) -> str:
    """An example of a key, as YAML: "rates: [0.2, 0.5]"; of a mapping without one, its first key."""
    if node.get("examples"):
        shown = node["examples"][0]
        return f"{key}: {shown if isinstance(shown, str) else as_yaml(shown)}"
    first = next(iter(node["properties"]))
    others = ", …" if len(node["properties"]) > 1 else ""
    return f"{key}: {{{example(child(node, first), first)}{others}}}"
