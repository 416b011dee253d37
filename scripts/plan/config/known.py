"""A study with faults, without what is faulty, so that all that is wrong is said at once.

Faulty values are replaced by samples, which the schema has, until the configuration is valid; then samples
are taken out of the record, and asking for one raises UnknownValueError.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from plan.config.outline import Node, child, members, place
from plan.config.reading import read_mapping
from plan.config.section import Section
from plan.config.study import Study
from plan.config.unknown import Unknown

ROUNDS = 5  # of replacing: what is below a value is validated only when that is valid

Keys = tuple[str, ...]


class _Fault(NamedTuple):
    """A value that is not known, and the sample in its place; a key that is not allowed has none."""

    keys: Keys
    sample: Any = None
    unknown: bool = True


def known_study(raw: Mapping[str, Any], refused_baselines: Iterable[str]) -> Study | None:
    """What is known of a study; None where that cannot be told.

    Args:
        raw: the configuration, in which `extends` is replaced.
        refused_baselines: names of baselines that are not in it because they cannot be extended.
    """
    given = copy.deepcopy(dict(raw))
    faults = [_fault(("baselines", name)) for name in refused_baselines]
    for fault in faults:
        _replace(given, fault)
    for _ in range(ROUNDS):
        try:
            study = Study.model_validate(given)
        except ValidationError as error:
            found = [_of_error(detail) for detail in error.errors(include_url=False)]
            for fault in found:
                _replace(given, fault)
            faults += found
        else:
            for fault in faults:
                if fault.unknown:
                    _forget(study, fault.keys)
            return study
    return None


def _of_error(error: ErrorDetails) -> _Fault:
    """The fault of an error; a list with a faulty item is faulty."""
    loc = error["loc"]
    items = [number for number, part in enumerate(loc) if isinstance(part, int)]
    if items:
        return _fault(loc[: items[0]])
    if error["type"] == "extra_forbidden":
        return _Fault(_names(loc), unknown=False)
    if error["type"] == "string_pattern_mismatch" and loc[-1] == "[key]":
        return _Fault(_names(loc[:-1]))  # the name stays known
    return _fault(loc)


def _fault(loc: tuple[str | int, ...]) -> _Fault:
    return _Fault(_names(loc), _sample(place(loc).node))


def _names(loc: tuple[str | int, ...]) -> Keys:
    return tuple(map(str, place(loc).keys))


def _sample(node: Node) -> Any:
    """A valid value."""
    if "const" in node or "enum" in node:
        return node.get("const", node.get("enum", [None])[0])
    if "discriminator" in node:
        return _sample(next(iter(members(node).values())))
    if "properties" in node:
        return {key: _sample(child(node, key)) for key in node.get("required", [])}
    if "patternProperties" in node:
        return {"sample": _sample(child(node, ""))}
    return node["examples"][0]


def _replace(given: dict[str, Any], fault: _Fault) -> None:
    """Put the sample in place of a faulty value; without one, take the key out."""
    parent = given
    for key in fault.keys[:-1]:
        parent[key] = dict(read_mapping(parent[key]))
        parent = parent[key]
    if fault.sample is None:
        parent.pop(fault.keys[-1], None)
    else:
        parent[fault.keys[-1]] = fault.sample


def _forget(study: Study, keys: Keys) -> None:
    """Take a value out of a study, or the definition of a name; names stay known."""
    holder: Any = study
    for key in keys[:-1]:
        holder = _values(holder).get(_attribute(holder, key), Unknown())
    values = _values(holder)
    if isinstance(holder, Section):
        values.pop(_attribute(holder, keys[-1]), None)
    elif isinstance(holder, dict):
        values[keys[-1]] = Unknown()


def _values(holder: Any) -> dict[str, Any]:
    if isinstance(holder, Section):
        return holder.__dict__
    return holder if isinstance(holder, dict) else {}


def _attribute(holder: Any, key: str) -> str:
    """A key's attribute, which differs where a key is no name in Python."""
    if isinstance(holder, Section):
        for name, field in type(holder).model_fields.items():
            if field.alias == key:
                return name
    return key
