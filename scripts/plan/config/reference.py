"""The reference of the configuration, docs/configuration.md, made from the models and config.yaml."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from plan.config.outline import Node, as_yaml, child, example, members, schema, words

WIDTH = 120
NOTHING: Mapping[str, Any] = {}

INTRODUCTION = """\
Every key of a study. `make docs` writes this from the models in scripts/plan/config, which also check what
a study says; do not edit it. [config.yaml](../config.yaml) is the default study, and the defaults below are
its values.

A study of your own is an overlay, a file of the keys that differ: `snakemake --cores 2 --configfile
mine.yaml`. Mappings are merged with those of config.yaml, everything else replaces what is there. Single
values can stand on the command line: `--config 'seeds=[1]' threads=2`. A baseline with `extends: dsi` is
`dsi` with the keys that it has itself, merged in the same way.

Every key must be there, in config.yaml or in an overlay, unless it is called optional here; an unknown one
is refused. schemas/config.schema.json says the same to editors.
"""


class Part(NamedTuple):
    """A mapping of the configuration.

    path: its keys, `NAME` where definitions are named. tags: what tells it from the other members of a union.
    node: what may stand in it. value: what config.yaml has there, if anything.
    """

    path: str
    tags: tuple[str, ...]
    node: Node
    value: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The heading: its path and tags."""
        if not self.path:
            return "The whole study"
        return f"`{self.path}`" + (f" ({', '.join(f'`{tag}`' for tag in self.tags)})" if self.tags else "")

    @property
    def anchor(self) -> str:
        """The heading's name in links, as GitHub makes it."""
        return re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")


def reference(default: Mapping[str, Any]) -> str:
    """The document; `default` is what config.yaml holds."""
    every = list(_parts(Part("", (), schema(), default)))
    first: dict[str, Part] = {}
    for part in every:
        first.setdefault(part.node["title"], part)
    texts = [
        _section(part, first) if first[part.node["title"]] is part else _again(part, first)
        for part in every
        if first[part.node["title"]] is part or part.value
    ]
    introduction = [f"{_wrapped(paragraph)}\n" for paragraph in INTRODUCTION.split("\n\n")]
    return "\n".join(["# Configuration\n", *introduction, *texts])


def _parts(part: Part) -> Iterator[Part]:
    """The mappings at and below one place, each member of a union apart."""
    if "discriminator" in part.node:
        yield from _of_union(part, [part.value])
    elif "patternProperties" in part.node:
        node = child(part.node, "")
        named = Part(f"{part.path}.NAME", part.tags, node, NOTHING)
        if "discriminator" in node:
            yield from _of_union(named, list(part.value.values()))
        else:
            yield from _parts(named._replace(value=next(iter(part.value.values()), NOTHING)))
    elif "properties" in part.node:
        yield part
        for key in part.node["properties"]:
            value = part.value.get(key)
            below = child(part.node, key)
            path = f"{part.path}.{key}".lstrip(".")
            yield from _parts(Part(path, part.tags, below, value if isinstance(value, Mapping) else NOTHING))
    elif "items" in part.node:
        yield from _parts(Part(f"{part.path}[]", part.tags, child(part.node, 0), NOTHING))


def _of_union(union: Part, values: list[Mapping[str, Any]]) -> Iterator[Part]:
    """The parts of each member, with the first of the values that is of its kind."""
    key = union.node["discriminator"]["propertyName"]
    for tag, node in members(union.node).items():
        value = next((value for value in values if value.get(key) == tag), NOTHING)
        yield from _parts(Part(union.path, (*union.tags, f"{key}: {tag}"), node, value))


def _section(part: Part, first: Mapping[str, Part]) -> str:
    definition = schema()["$defs"].get(part.node["title"], part.node)  # not of the key that it stands at
    lines = [_heading(part), _wrapped(definition["description"]), ""]
    for key in part.node["properties"]:
        lines.append(_entry(part, key, first))
    return "\n".join([*lines, ""])


def _again(part: Part, first: Mapping[str, Part]) -> str:
    """A mapping that has stood before: only its own defaults."""
    defaults = ", ".join(f"`{key}: {as_yaml(value)}`" for key, value in part.value.items())
    before = first[part.node["title"]]
    text = f"The keys of [{before.title}](#{before.anchor}); the defaults here are {defaults}."
    return "\n".join([_heading(part), _wrapped(text), ""])


def _heading(part: Part) -> str:
    level = "###" if "." in part.path.replace(".NAME", "") else "##"
    return f"{level} {part.title}\n"


def _entry(part: Part, key: str, first: Mapping[str, Part]) -> str:
    """A key: on the first line what may stand there and its default, then what it is."""
    node = child(part.node, key)
    default = "" if isinstance(part.value.get(key, NOTHING), Mapping) else as_yaml(part.value[key])
    notes = [] if key in part.node.get("required", []) else ["optional"]
    notes += [f"default `{default}`"] if default and "const" not in node else []
    head = f"- `{key}`, {_form(node, first)}" + (f" ({', '.join(notes)})" if notes else "")
    said = node["description"]
    if "examples" in node and example(node, key) != f"{key}: {default}" and "const" not in node:
        said += f"; for example `{example(node, key)}`"
    return _wrapped(head, "  ") + "\\\n" + textwrap.indent(_wrapped(said, width=WIDTH - 2), "  ")


def _form(node: Node, first: Mapping[str, Part]) -> str:
    """What may stand at a key, and how many of it."""
    if "anyOf" in node:
        return " or ".join(_form(part, first) for part in node["anyOf"])
    if "const" in node:
        return f"`{node['const']}`"
    if "patternProperties" in node:
        return "definitions by name: lower-case letters, digits and hyphens"
    if node.get("title") in first:
        part = first[node["title"]]
        return f"a mapping, [{part.title}](#{part.anchor})"
    if "pattern" in node:
        return f"text that matches `{node['pattern']}`"
    if node.get("type") == "array":
        fewest, most = node.get("minItems", 0), node.get("maxItems")
        number = f" with {most} entries" if most else " with at least one entry" if fewest else ""
        once = ", none twice" if node.get("uniqueItems") else ""
        return f"a list{number}{once}, each {_form(child(node, 0), first)}"
    if "null" in node:
        return f"{words({key: value for key, value in node.items() if key != 'null'})}, or null"
    return words(node)


def _wrapped(text: str, indent: str = "", width: int = WIDTH) -> str:
    """Lines of at most so many characters, broken outside of code only."""
    whole = re.sub(r"`[^`]*`|\[[^]]*\]\([^)]*\)", lambda code: code[0].replace(" ", "\0"), text)
    lines = textwrap.fill(
        whole, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return lines.replace("\0", " ")
