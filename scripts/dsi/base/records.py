"""Records from JSON: the keys of an object as the fields of a NamedTuple or a data class."""

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any, TypeVar

Record = TypeVar("Record")


def read_record(kind: Callable[..., Record], section: Mapping[str, Any], name: str) -> Record:
    """The record that a JSON object describes.

    A key that is null or absent gives the field's default; keys that are no fields are left out.

    Args:
        name: of the object, for the message.

    Raises:
        ArgumentTypeError: a field without a default has no value.
    """
    fields = signature(kind).parameters
    given = {key: section[key] for key in fields if section.get(key) is not None}
    missing = [key for key, field in fields.items() if key not in given and field.default is Parameter.empty]
    if missing:
        needed = ", ".join(key for key, field in fields.items() if field.default is Parameter.empty)
        raise ArgumentTypeError(f"{name}: found no {', '.join(missing)}; expected the keys {needed}")
    return kind(**given)


def read_sections(
    kind: Callable[..., Record],
    section: Mapping[str, Any],
    name: str,
    sections: Mapping[str, Callable[..., Any]],
) -> Record:
    """As `read_record`, of an object some of whose values are objects that give records of their own.

    Args:
        sections: the kind of record by key; keys that are null or absent are left to the defaults.
    """
    records = {
        key: read_record(part, section[key], f"{name}: {key}")
        for key, part in sections.items()
        if section.get(key) is not None
    }
    return read_record(kind, {**section, **records}, name)
