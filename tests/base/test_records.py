"""Records from JSON objects."""

from argparse import ArgumentTypeError
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from dsi.base.records import read_record, read_sections


class Inner(NamedTuple):
    size: int
    name: str = "plain"


@dataclass(frozen=True)
class Outer:
    inner: Inner
    other: Inner | None = None


def test_keys_become_fields_and_null_means_the_default() -> None:
    assert read_record(Inner, {"size": 3, "name": None, "unknown": 1}, "inner") == Inner(3)


def test_a_field_without_a_value_is_named() -> None:
    with pytest.raises(ArgumentTypeError, match="inner: found no size; expected the keys size"):
        read_record(Inner, {"name": "x", "size": None}, "inner")


def test_sections_become_records_of_their_own() -> None:
    sections = {"inner": Inner, "other": Inner}
    assert read_sections(Outer, {"inner": {"size": 1}, "other": None}, "o", sections) == Outer(Inner(1))
    with pytest.raises(ArgumentTypeError, match="o: inner: found no size"):
        read_sections(Outer, {"inner": {}}, "o", sections)
