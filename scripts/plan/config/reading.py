"""Values as they come from the command line: text, read as YAML where a key asks for something else.

`--config rates=[0.5]` gives text. Every type that is not text reads it with one of these functions before
it is validated; what cannot be read stays as it is, and is refused with the text as it was found.
"""

from collections.abc import Mapping
from typing import Any

import yaml


def read(value: Any) -> Any:
    """A text read as YAML: a list or mapping of texts, a truth value, null or a decimal number.

    Another text, and every other value, is given back as it is.
    """
    if not isinstance(value, str):
        return value
    try:
        structure = yaml.load(value, yaml.BaseLoader)  # leaves stay text, for their own types to read
        scalar = yaml.safe_load(value)
    except (yaml.YAMLError, ValueError):
        return value
    if isinstance(structure, list | dict):
        return structure
    if scalar is None or isinstance(scalar, bool):
        return scalar
    return _number(value)


def _number(text: str) -> float | str:
    """A number as a person reads it: YAML 1.1 takes 010 for 8, 1:30 for 90 and 1e-3 for text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def read_whole_number(value: Any) -> Any:
    """A whole float becomes an integer: `1.0` would name a folder `seed1.0`."""
    value = read(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read_list(value: Any) -> Any:
    """A list becomes a tuple, which cannot be changed."""
    value = read(value)
    return tuple(value) if isinstance(value, list) else value


def read_mapping(value: Any) -> Any:
    """A mapping's keys become text: YAML reads a name like `1` as a number."""
    value = read(value)
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else value


def read_null(value: Any) -> Any:
    """For keys that take text or null: a text that YAML reads as null is null, every other stays text."""
    return None if isinstance(value, str) and read(value) is None else value
