"""What is wrong with a configuration, in sentences: the key, what was found, what is expected, an example."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import ErrorDetails

from plan.config.outline import Node, Place, child, example, members, place, words
from plan.config.section import EXPECTED


def problems(errors: Iterable[ErrorDetails]) -> Iterator[str]:
    """A sentence for each error of validation."""
    for error in errors:
        loc = error["loc"]
        if error["type"] == "string_pattern_mismatch" and loc[-1] == "[key]":
            yield _misnamed(place(loc[:-1]))
            continue
        if error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]:
            continue  # only items that are refused are missing
        where = place(loc)
        match error["type"]:
            case "extra_forbidden":
                yield _unknown_key(where)
            case "missing":
                yield _missing(_path(where.keys), where.node, str(where.keys[-1]))
            case "union_tag_not_found" | "union_tag_invalid":
                yield _untold(where, error["input"])
            case kind:
                yield _refused(where, error["input"], _expected(kind, where.node, error))


def _path(keys: Iterable[str | int]) -> str:
    """Keys with dots between them; an item of a list is a row, counted from 1."""
    path = "".join(f", row {key + 1}, " if isinstance(key, int) else f"{key}." for key in keys)
    return path.replace("., row", ", row").rstrip("., ")


def _misnamed(where: Place) -> str:
    return (
        f"{_path(where.keys[:-1])}: found the name {where.keys[-1]!r}, expected lower-case letters, digits "
        "and hyphens, for example my-study"
    )


def _unknown_key(where: Place) -> str:
    known = list(where.parent["properties"])
    near = difflib.get_close_matches(str(where.keys[-1]), known, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return f"{_path(where.keys)}: unknown key; {hint}Allowed here: {', '.join(sorted(known))}"


def _missing(path: str, node: Node, key: str) -> str:
    return f"{path}: missing, for example {example(node, key)}"


def _untold(where: Place, found: Any) -> str:
    """Of a member of a union: the key that tells which is missing, or says what none is."""
    key = where.node["discriminator"]["propertyName"]
    path = _path([*where.keys, key])
    known = members(where.node)
    node = child(next(iter(known.values())), key)
    if key not in found:
        return _missing(path, node, key)
    return (
        f"{path}: found {found[key]!r}, expected one of {', '.join(known)}, for example {example(node, key)}"
    )


def _refused(where: Place, found: Any, expected: str) -> str:
    """An item of a list of values is shown under the list's own key, with the list's example."""
    keys = where.keys[:-1] if where.keys and isinstance(where.keys[-1], int) else where.keys
    shown = list(found) if isinstance(found, tuple) else found
    key = str(keys[-1]) if keys else ""
    return (
        f"{_path(keys) or 'the configuration'}: found {shown!r}, expected {expected}, "
        f"for example {example(where.named, key)}"
    )


def _expected(kind: str, node: Node, error: ErrorDetails) -> str:
    """What is expected in place of what was found."""
    if kind == EXPECTED:
        return error["msg"]
    context = error.get("ctx", {})
    match kind:
        case "too_short" | "too_long":
            wanted = context.get("min_length", context.get("max_length"))
            return "at least one entry" if wanted == 1 else f"{wanted} entries"
        case "string_too_short":
            return "some text"
        case "string_pattern_mismatch":
            return f"text that matches {context['pattern']}"
        case _:
            return words(node)
