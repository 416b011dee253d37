"""The JSON schema of a configuration, and in words what it says of one place.

The schema is made from the models; messages and documentation are made from the schema.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

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


class Place(NamedTuple):
    """A place of a configuration.

    keys: its path as in the YAML, without the tags of unions. node: what may stand there. parent: the mapping or list
    that it belongs to. named: what may stand at its last key that is text; of an item, its list.
    """

    keys: tuple[str | int, ...]
    node: Node
    parent: Node
    named: Node


@cache
def schema() -> Node:
    """The JSON schema of a whole configuration."""
    return Study.model_json_schema()


def resolved(node: Node) -> Node:
    """What a node says with references followed, and null, if it is allowed, as a mark beside the other type."""
    if "$ref" in node:
        definition = schema()["$defs"][node["$ref"].rsplit("/", 1)[1]]
        node = {**definition, **{key: value for key, value in node.items() if key != "$ref"}}
    if "anyOf" in node:
        (other,) = [part for part in node["anyOf"] if part != {"type": "null"}]
        node = {
            **resolved(other),
            **{key: value for key, value in node.items() if key != "anyOf"},
            "null": True,
        }
    return node


def members(union: Node) -> dict[str, Node]:
    """The nodes of a union by the values of the key that tells them apart, in the order of the models."""
    key = union["discriminator"]["propertyName"]
    nodes = [resolved(member) for member in union["oneOf"]]
    return {node["properties"][key]["const"]: node for node in nodes}


def place(loc: Sequence[str | int]) -> Place:
    """The place that pydantic's `loc` of an error names; it holds the tags of unions, which a key may be called, too."""
    keys: list[str | int] = []
    node = parent = named = schema()
    for part in loc:
        if "discriminator" in node:
            node = members(node)[str(part)]
            continue
        parent, node = node, resolved(_child(node, part))
        named = node if isinstance(part, str) else named
        keys.append(part)
    return Place(tuple(keys), node, parent, named)


def _child(node: Node, part: str | int) -> Node:
    if isinstance(part, int):
        return dict(node.get("items", {}))
    every: Node = next(iter(node.get("patternProperties", {}).values()), {})
    return dict(node.get("properties", {}).get(part, every))


def words(node: Node) -> str:
    """What may stand at a node: "a number above 0 and below 1"."""
    if "enum" in node or "const" in node:
        return f"one of {', '.join(node.get('enum', [node.get('const')]))}"
    kind = "a mapping" if "discriminator" in node else _TYPES[node["type"]]
    bounds = [f"{word} {node[key]}" for key, word in _BOUNDS.items() if key in node]
    return " ".join([kind + (" or null" if "null" in node else ""), " and ".join(bounds)]).rstrip()


def example(node: Node, key: str) -> str:
    """An example of a key, as YAML: "rates: [0.2, 0.5]"; of a mapping without one, its first key."""
    if node.get("examples"):
        shown = node["examples"][0]
        return f"{key}: {shown if isinstance(shown, str) else json.dumps(shown)}"
    first, child = next(iter(node["properties"].items()))
    others = ", …" if len(node["properties"]) > 1 else ""
    return f"{key}: {{{example(resolved(child), first)}{others}}}"
